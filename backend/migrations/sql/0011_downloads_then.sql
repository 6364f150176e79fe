-- A failed download that was completed later had failed until then: a past instant is answered as it was.
alter table downloads
    add column failed_until timestamptz,
    add column failure_then text;
create index downloads_completed_later on downloads (failed_until) where failed_until is not null;
