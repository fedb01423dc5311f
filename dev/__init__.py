"""What people who work on this project need beside the package itself: a private MariaDB, the demo."""
