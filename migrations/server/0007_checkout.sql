-- Payments of orders, one each: what was asked of a provider, what is in doubt, and when it is looked at again. What the
-- stall's records say of them is elsewhere; this is what the server needs to bring each to its end.
create table checkout (
  log {blob} not null, order_id {blob} not null,
  provider text not null, way {int} not null, account text not null,
  amount_minor {int} not null, currency text not null,
  state {int} not null, doubt {int} not null, object text not null, page text not null,
  seen {int} not null, ending {int} not null, trouble {int} not null,
  looks {int} not null, is_posted {int} not null,
  asks {int} not null, tries {int} not null, unanswered {int} not null,
  -- Whose telephone is asked; empty once nobody has to be asked any more.
  phone text not null,
  -- Where the buyer's browser comes back to.
  back text not null,
  -- When it was first asked for, and when it is looked at next.
  asked_ms {int} not null, next_ms {int} not null, begun_ms {int} not null,
  settled {int} not null,
  primary key (log, order_id)
) {strict};
create index checkout_next on checkout (settled, next_ms);

-- What providers told, so that nothing is told twice. Kept for ever: providers repeat themselves for days.
create table provider_word (
  provider text not null, word text not null, at_ms {int} not null,
  primary key (provider, word)
) {strict};

-- Money for trying: a provider of this server's own, which moves none.
create table test_money (
  order_id {blob} not null primary key, log {blob} not null, way {int} not null,
  amount_minor {int} not null, currency text not null, status {int} not null,
  back text not null, looked {int} not null
) {strict};
