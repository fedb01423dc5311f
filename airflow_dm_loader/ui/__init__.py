"""What Airflow's own server shows of loads: pages behind ``/dm-loader``, by its plugin."""
