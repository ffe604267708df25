-- What can wait comes once a day in one mail, for whoever wants that: `wanted` of a wish for mail is 2 then. A message that is gathered
-- has `state` 9 and is due when that mail leaves; the mail is a message of its own with `state` 10 (topic 25), and `detail` is the moment for
-- which it was made: by that it knows what is in it, whenever it leaves. A server that knows neither number leaves both alone.

-- When that mail leaves, as the person's clock shows it. Only where a person chose.
create table gathering (
    account {blob} not null primary key references account (account),
    at_minute {int} not null,
    zone text not null
) {keyed};

-- Mailboxes whose mail comes back. Nothing is written there from `since_ms` on, until its owner says that it works again; none as long
-- as it may be a passing trouble. `by_report`: the mail came back later; else the mail server refused the address at once.
create table mailbox_failing (
    account {blob} not null primary key references account (account),
    times {int} not null,
    last_ms {int} not null,
    since_ms {int},
    by_report {int} not null,
    reason text not null
) {keyed};
