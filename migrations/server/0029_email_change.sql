-- A mail address that somebody wants in place of their own: it counts once the link in a mail to it was followed. The old
-- one stands here, too, because it is told. A row goes after a week, and with its account.
create table email_change (
    message {blob} not null primary key,
    account {blob} not null references account (account),
    old_email text not null,
    new_email text not null,
    made_ms {int} not null,
    expires_ms {int} not null,
    used {int} not null
) {keyed};
create index email_change_account on email_change (account, made_ms);
create index email_change_made on email_change (made_ms);
