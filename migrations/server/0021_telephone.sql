-- Telephone numbers that people are texted at. A text stands among the messages: `channel` 4, and `state` 7 is "waiting" there, so
-- that a program that knows no texts leaves it alone.

-- Only numbers whose owner typed the code that was texted there.
create table telephone (
    account {blob} not null primary key references account (account),
    number text not null,
    confirmed_ms {int} not null
) {keyed};

-- The last code of each account that waits for being typed. No code is kept: it is worked out from the server's own secret and from
-- `message`, which brings it.
create table telephone_code (
    account {blob} not null primary key references account (account),
    message {blob} not null,
    number text not null,
    expires_ms {int} not null,
    wrong_tries {int} not null
) {keyed};

-- Which codes were asked for within a day, so that nobody is pestered, by several accounts or by one that is erased and made again:
-- it outlives both and knows the number by a digest alone.
create table telephone_asked (
    message {blob} not null primary key,
    account {blob} not null,
    number_digest {blob} not null,
    made_ms {int} not null
) {strict};
create index telephone_asked_made on telephone_asked (made_ms);
