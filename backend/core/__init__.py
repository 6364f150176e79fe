"""What every capability stands on: database, HTTP, security, settings, logs. Knows no capability."""
