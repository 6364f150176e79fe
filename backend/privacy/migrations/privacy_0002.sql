create table privacy_policy (
    version                  bigint primary key generated always as identity,
    title                    text not null,
    changes                  text not null,
    url                      text not null,
    requires_acknowledgement boolean not null,
    published_at             timestamptz not null default now(),
    published_by             text not null
);
create index privacy_policy_newest on privacy_policy (published_at desc);

create table consent_text (
    id             uuid primary key default uuidv7(),
    policy_version bigint not null references privacy_policy,
    locale         text not null,
    jurisdiction   text,
    title          text not null,
    body           text not null,
    choices        jsonb not null,
    unique nulls not distinct (policy_version, locale, jurisdiction)
);

-- Append-only: neither changed nor removed by anybody. Who said it is the person; what else shows it is sealed.
create table consent (
    id             uuid primary key default uuidv7(),
    person_id      uuid not null references person,
    consent_type   text not null,
    status         text not null check (status in ('granted', 'revoked')),
    at             timestamptz not null,
    policy_version bigint references privacy_policy,
    text_id        uuid references consent_text,
    channel        text not null,
    jurisdiction   text not null,
    gpc            boolean not null,
    -- What this one did to how many consent, and to how many have said anything.
    granted_change smallint not null,
    asked_change   smallint not null,
    evidence       bytea,
    source_id      text unique,
    recorded_at    timestamptz not null default now(),
    recorded_by    text not null
);
create index consent_of_person on consent (person_id, consent_type, at desc, id desc);
create index consent_newest on consent (recorded_at desc, id desc) include (consent_type, granted_change, asked_change);

-- Days that are over, summed once.
create table consent_day (
    day          date not null,
    consent_type text not null,
    granted      bigint not null,
    asked        bigint not null,
    primary key (day, consent_type)
);

create table policy_acknowledgement (
    person_id      uuid not null references person,
    policy_version bigint not null references privacy_policy,
    at             timestamptz not null,
    channel        text not null,
    primary key (policy_version, person_id)
);
create index policy_acknowledgement_of on policy_acknowledgement (person_id);

create table policy_campaign (
    policy_version bigint not null references privacy_policy,
    begun_at       timestamptz not null default clock_timestamp(),
    begun_by       text not null,
    asked          bigint not null,
    primary key (policy_version, begun_at)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'what was said stays as it was said' using errcode = '42501';
end
$$;
create trigger consent_stays before update of person_id, consent_type, status, at, policy_version, text_id, channel,
       jurisdiction, gpc, recorded_at, recorded_by or delete on consent
   for each row when (current_user <> 'opsconsole_eraser') execute function refuse_change();

grant select, insert on privacy_policy, consent_text, consent, policy_acknowledgement, policy_campaign to opsconsole_app;
grant select, insert on consent_day to opsconsole_app;
grant select, update (evidence) on consent to opsconsole_eraser;
