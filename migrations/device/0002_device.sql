-- What a device keeps beside its stalls: its servers, who is signed in, drafts, pictures, what it has seen of the
-- market, and its buyer's baskets and orders. None of it is a record, and none of it decides about stock.

create table own_device (
  only_row {int} primary key check (only_row = 1),
  -- Empty when none was named.
  server text not null,
  -- Who is signed in there, and the token that proves it; both empty when nobody is.
  email text not null, session text not null,
  -- A buyer without an account is whoever has this.
  guest {blob} not null check (length(guest) = 32)
) {strict};

-- How each stall's server is reached. Tokens belong to an author: a renewed register needs new ones.
create table own_link (
  log {blob} not null primary key check (length(log) = 16),
  author {blob} not null, server text not null,
  -- Kept before the server is asked, so that a repeat is recognised.
  request {blob} not null, access_token text not null, refresh_token text not null,
  -- 1 once this device had everything: what arrives later is news.
  caught_up {int} not null
) {keyed};

-- What was told to a person already: held orders (kind 1) and incidents (kind 2).
create table own_told (
  log {blob} not null, kind {int} not null, thing {blob} not null, seq {int} not null,
  primary key (log, kind, thing, seq)
) {keyed};

create table draft (
  name text not null primary key, value {blob} not null
) {keyed};

-- Pictures under the hash of their bytes. Own ones stay; those of the market make room for others.
create table picture (
  hash {blob} not null primary key check (length(hash) = 32),
  media_type {int} not null, bytes {blob} not null,
  is_own {int} not null, is_sent {int} not null, kept_ms {int} not null
) {strict};
create index picture_unsent on picture (hash) where is_sent = 0;

-- What was seen of the market. Rows are a version byte and the message they came in.
create table market_stall (
  stall {blob} not null primary key, folded text not null, as_of_ms {int} not null,
  card {blob} not null, page {blob}
) {strict};
create table market_offer (
  stall {blob} not null, product {blob} not null, folded text not null, as_of_ms {int} not null,
  line {blob} not null, page {blob},
  primary key (stall, product)
) {strict};
create index market_offer_folded on market_offer (folded, stall, product);
create table market_category (
  stall {blob} not null, category {blob} not null, product {blob} not null,
  primary key (stall, category, product)
) {keyed};

create table basket_line (
  stall {blob} not null, product {blob} not null, quantity {int} not null,
  -- The price when it was put in.
  seen_minor {int} not null, place {int} not null,
  primary key (stall, product)
) {keyed};

create table own_order (
  order_id {blob} not null primary key, stall {blob} not null, stall_name text not null,
  server text not null, is_guest {int} not null, state {int} not null, at_ms {int} not null,
  currency text not null, total_minor {int} not null, note text not null, because text not null,
  -- 1 once it was sent, answered or not.
  is_tried {int} not null, cancel_asked {int} not null
) {strict};
create index own_order_at on own_order (at_ms);
create table own_order_line (
  order_id {blob} not null, place {int} not null, product {blob} not null, name text not null,
  quantity {int} not null, seen_minor {int} not null, total_minor {int} not null,
  primary key (order_id, place)
) {keyed};

-- What a buyer's screen asked lately: the same id does nothing more.
create table buyer_command (
  place {int} primary key, command {blob} not null unique
) {strict};
