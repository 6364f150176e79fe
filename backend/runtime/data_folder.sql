-- Whether something was made with a key of the folder: then a new one must not take its place in silence.

-- name: token_key_used
select exists (select from second_factor) or exists (select from refresh_token);

-- name: audit_key_used
select exists (select from audit_checkpoint);

-- name: backup_key_used
select exists (select from backup_run where file <> '');

-- name: connection_key_used
select exists (select from connection_secret where sealed is not null)
    or exists (select from connection_secret_previous where sealed is not null);

-- name: privacy_key_used
select exists (select from person);
