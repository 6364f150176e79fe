"""The console's engine: queries, mutations, outbox, snapshot, session and stream. Knows no capability."""
