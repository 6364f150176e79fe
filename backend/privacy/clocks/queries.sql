-- name: all_rules
select code, title, law, zone, unit, period, extended, rolls, pauses, internal_days, weekend, fixed_holidays,
       easter_holidays, updated_at, updated_by, version
  from privacy_jurisdiction order by position

-- name: one_of
select code, title, law, zone, unit, period, extended, rolls, pauses, internal_days, weekend, fixed_holidays,
       easter_holidays, updated_at, updated_by, version
  from privacy_jurisdiction where code = %(code)s

-- name: lock
select version from privacy_jurisdiction where code = %(code)s for update

-- name: change
update privacy_jurisdiction
   set title = %(title)s, law = %(law)s, zone = %(zone)s, unit = %(unit)s, period = %(period)s, extended = %(extended)s,
       rolls = %(rolls)s, pauses = %(pauses)s, internal_days = %(internal_days)s, weekend = %(weekend)s,
       fixed_holidays = %(fixed_holidays)s, easter_holidays = %(easter_holidays)s, updated_at = clock_timestamp(),
       updated_by = %(actor)s, version = version + 1
 where code = %(code)s
