"""Run by Alembic. The connection comes from ``backend.migrations.migrate``, already locked and limited."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
