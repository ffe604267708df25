-- What follows from a stall's records. Every table here can be emptied and filled again from them; device and
-- server have the same tables, filled by the same code, so that equal records give an equal digest.

create table balance (
  log {blob} not null, product {blob} not null, account {int} not null, whose {blob} not null,
  quantity {int} not null,
  primary key (log, product, account, whose)
) {strict};
create index balance_whose on balance (log, account, whose);

create table sale (
  log {blob} not null, sale {blob} not null, author {blob} not null, seq {int} not null,
  shift {blob} not null, receipt_number {int} not null, total_minor {int} not null,
  business_day {int} not null, at_ms {int} not null,
  primary key (log, sale, author, seq)
) {strict};
create index sale_day on sale (log, business_day);
create index sale_receipt on sale (log, author, receipt_number);

create table sale_void (
  log {blob} not null, sale {blob} not null, author {blob} not null, seq {int} not null,
  primary key (log, sale, author, seq)
) {strict};

create table refund_line (
  log {blob} not null, author {blob} not null, seq {int} not null, place {int} not null,
  refund {blob} not null, sale {blob} not null, line {int} not null, quantity {int} not null,
  amount_minor {int} not null, allowance {blob},
  primary key (log, author, seq, place)
) {strict};
create index refund_line_sale on refund_line (log, sale, line);

create table refund_allowance (
  log {blob} not null, allowance {blob} not null, to_author {blob} not null, sale {blob} not null,
  line {int} not null, quantity {int} not null, amount_minor {int} not null,
  primary key (log, allowance)
) {strict};
create index refund_allowance_sale on refund_allowance (log, sale, line);

create table shift (
  log {blob} not null, shift {blob} not null, author {blob} not null,
  opened_at_ms {int} not null, business_day {int} not null, float_minor {int} not null,
  sales {int} not null, sales_minor {int} not null, voids {int} not null, refunds_minor {int} not null,
  cash_minor {int} not null, closed {int} not null, expected_minor {int} not null,
  counted_minor {int} not null, reason text not null,
  primary key (log, shift, author)
) {strict};
create index shift_open on shift (log, author, closed);

create table orders (
  log {blob} not null, order_id {blob} not null, author {blob} not null, seq {int} not null,
  buyer {blob} not null, total_minor {int} not null, at_ms {int} not null,
  placed {int} not null, handed_over {int} not null, cancel_asked {int} not null,
  released {int} not null, fulfilled {int} not null,
  primary key (log, order_id)
) {strict};
create index orders_at on orders (log, at_ms);

create table stall_device (
  log {blob} not null, author {blob} not null, role {int} not null, name text not null,
  replaces {blob}, admitted {int} not null, revoked {int} not null,
  primary key (log, author)
) {strict};

create table recall (
  log {blob} not null, recall {blob} not null, author {blob} not null, product {blob} not null,
  quantity {int} not null, answered {int} not null,
  primary key (log, recall)
) {strict};
create index recall_author on recall (log, author, answered);

create table incident (
  log {blob} not null, author {blob} not null, seq {int} not null, kind {int} not null,
  product {blob}, quantity {int} not null, at_ms {int} not null,
  primary key (log, author, seq)
) {strict};

create table epoch (
  log {blob} not null, epoch {blob} not null, counter {int} not null, author {blob} not null,
  frozen {int} not null, unfrozen {int} not null,
  primary key (log, epoch)
) {strict};

create table share_moved (
  log {blob} not null, author {blob} not null, seq {int} not null, share {blob} not null,
  ask {blob}, product {blob} not null, quantity {int} not null, to_author {blob},
  primary key (log, author, seq)
) {strict};
create index share_moved_ask on share_moved (log, ask);

create table parked (
  log {blob} not null, author {blob} not null, seq {int} not null, code {int} not null, note text not null,
  primary key (log, author, seq)
) {strict};

create table document (
  log {blob} not null, document {blob} not null, kind {int} not null, heads {blob} not null,
  saved {blob} not null,
  primary key (log, document)
) {strict};

create table pending_change (
  log {blob} not null, document {blob} not null, author {blob} not null, seq {int} not null,
  change {blob} not null, kind {int} not null,
  primary key (log, document, author, seq)
) {strict};

create table product (
  log {blob} not null, product {blob} not null, name text not null, folded text not null,
  description text not null, sku text not null, unit {int} not null, price_minor {int} not null,
  currency text not null, price_per {int} not null, tax_ppm {int} not null,
  tax_inclusive {int} not null, archived {int} not null, problems {int} not null,
  primary key (log, product)
) {strict};
create index product_folded on product (log, folded);

create table product_code (
  log {blob} not null, code text not null, product {blob} not null,
  primary key (log, code, product)
) {strict};
create index product_code_product on product_code (log, product);

create table stall_profile (
  log {blob} not null, name text not null, currency text not null, zone text not null,
  cut_off_minutes {int} not null, description text not null, place text not null,
  primary key (log)
) {strict};
