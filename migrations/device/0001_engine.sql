-- What only this device knows: who it is, what it answered, what it asked, and its index over products.

-- One row: which database this is and how far it has come. The vault outside remembers the same.
create table own_store (
  id {int} primary key check (id = 1), store {blob} not null check (length(store) = 16),
  generation {int} not null check (generation >= 0), clean {int} not null
) {strict};

-- Each stall this device works for, and the author it writes as there.
create table own_stall (
  stall {int} primary key, log {blob} not null unique check (length(log) = 16),
  author {blob} not null, name text not null, role {int} not null,
  epoch {blob} not null, epoch_counter {int} not null,
  frozen {int} not null, trouble text not null,
  -- The last number on a receipt of this author: taken with the sale, never given out again.
  last_receipt {int} not null
) {strict};

-- Every author this device ever was in a log.
create table own_author (
  log {blob} not null, author {blob} not null, introduction {blob} not null,
  primary key (log, author)
) {keyed};

-- The keys under which a server's entries count.
create table own_server (
  log {blob} not null, public_key {blob} not null check (length(public_key) = 32),
  primary key (log, public_key)
) {keyed};

-- The first answer to every command, refusals included.
create table own_command (
  command {blob} not null primary key check (length(command) = 16), log {blob} not null,
  fingerprint {blob} not null, outcome {blob} not null
) {keyed};

-- Requests to the server, the oldest first, and what it answered.
create table own_ask (
  place {int} primary key, log {blob} not null, ask {blob} not null unique,
  body {blob} not null, answer {blob}
) {strict};
create index own_ask_waiting on own_ask (log, place) where answer is null;

-- Units given back by records that the server has not confirmed: nobody can promise them meanwhile.
create table own_return (
  log {blob} not null, author {blob} not null, seq {int} not null, product {blob} not null,
  quantity {int} not null,
  primary key (log, author, seq)
) {keyed};

-- A typed SKU is as good as a scanned barcode.
create index product_sku on product (log, sku, product) where sku <> '';

-- The distinct words of products' names, and which products have them.
create table search_word (
  word {int} primary key, stall {int} not null, text text not null,
  unique (stall, text)
) {strict};
create table search_product (
  place {int} primary key, stall {int} not null, product {blob} not null,
  -- Numbers of the words, eight bytes each, in the order of the name.
  words {blob} not null,
  unique (stall, product)
) {strict};
