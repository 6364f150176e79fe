-- name: open_breakers
select rule_id from risk_breaker where reset_at is null order by since

-- name: open_entries
select count(*) from risk_entry where status in ('open', 'escalated')

-- name: published_rule_set
select number, title from risk_rule_set where state = 'published'
