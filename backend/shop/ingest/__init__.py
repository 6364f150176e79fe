"""What the shop and the event pipelines send. Contract: "Ingest"."""
