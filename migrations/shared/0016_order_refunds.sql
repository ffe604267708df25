-- Parts of orders' money that go back. The entries are new, and an older program kept them aside: the tables of every log
-- are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- What is said of each part, and by whom. `what`: 1 it is asked for, 2 allowed, 3 ended, 4 given out of a drawer. `way` is how
-- it goes back, of 1 and 2; `code` how it ended, of 3; `note` why it is asked for.
create table order_refund (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null,
  refund {blob} not null, what {int} not null, way {int} not null, code {int} not null,
  amount_minor {int} not null, note text not null, at_ms {int} not null,
  primary key (log, author, seq)
) {strict};
create index order_refund_order on order_refund (log, order_id, refund);
