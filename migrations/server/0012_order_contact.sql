-- Whom an order is for and where it goes: personal data, so in no record. A row goes when its order ends.
create table order_contact (
  log {blob} not null, order_id {blob} not null, buyer {blob} not null,
  name text not null, reach text not null, address text not null, at_ms {int} not null,
  primary key (log, order_id)
) {keyed};

-- What an account wrote last, for its next order; gone when it says so.
create table account_contact (
  account {blob} not null primary key,
  name text not null, reach text not null, address text not null, at_ms {int} not null
) {strict};
create index order_contact_buyer on order_contact (buyer);

-- Who bought as a guest and has an account by now.
create table guest_account (
  guest {blob} not null primary key, account {blob} not null, at_ms {int} not null
) {strict};
create index guest_account_account on guest_account (account);
