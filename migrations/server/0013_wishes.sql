-- Other ways than mail to tell people something, chosen topic by topic, with hours in which nothing rings.

-- `channel`: 1 mail, 2 push. `target`: which of a person's browsers. `state` 5 is "waiting" for any way but mail: a program
-- that knows only mail leaves it alone.
alter table message add column channel {int} not null default 1;
alter table message add column target {blob};
create index message_account on message (account, made_ms);

-- Only where a person chose. What was chosen for mail stays in message_wish.
create table channel_wish (
    account {blob} not null references account (account),
    channel {int} not null,
    topic {int} not null,
    wanted {int} not null,
    primary key (account, channel, topic)
) {keyed};

create table quiet_hours (
    account {blob} not null primary key references account (account),
    is_on {int} not null,
    from_minute {int} not null,
    to_minute {int} not null,
    zone text not null,
    lets_urgent {int} not null
) {keyed};

-- Who we are to push services: the same for all processes.
create table push_key (
    only_row {int} not null primary key check (only_row = 1),
    private_key {blob} not null
) {keyed};

-- Browsers that want to be told, each as long as the session that asked for it.
create table push_subscription (
    subscription {blob} not null primary key,
    account {blob} not null references account (account),
    session {blob} not null,
    name text not null,
    endpoint text not null unique,
    public_key {blob} not null,
    auth {blob} not null,
    made_ms {int} not null
) {strict};
create index push_subscription_account on push_subscription (account, made_ms);
create index push_subscription_session on push_subscription (session);
