-- What came in another form than it is kept in, by its name on the wire; null where nothing did.
alter table orders add column given jsonb;
alter table refunds add column given jsonb;
alter table downloads add column given jsonb;
alter table community_reading add column given jsonb;

-- Long histories are put into the form once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';
