-- What people like. `whose` says where and as whom somebody was signed in, and is empty for nobody: whoever uses the
-- device next sees none of it. `turns` is counted as `soko_domain::likes` says.

create table own_like (
  whose text not null,
  stall {blob} not null check (length(stall) = 16), product {blob} not null check (length(product) = 16),
  turns {int} not null,
  -- Grows with every like here, so that the latest stands first.
  place {int} not null,
  -- 1 once the server has this count.
  is_sent {int} not null,
  primary key (whose, stall, product)
) {keyed};

-- How far an account's likes at its server were seen.
create table own_like_seen (
  whose text not null primary key, version {int} not null
) {keyed};
