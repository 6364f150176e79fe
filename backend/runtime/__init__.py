"""The processes: HTTP server, worker, jobs, the embedded database, and the commands that run them."""
