-- Addresses of whoever uses the device. `whose` says where and as whom somebody was signed in, and is empty for nobody:
-- whoever uses the device next sees none of them. `edits` and `chosen` are counted as `soko_domain::address_book` says.

create table own_address (
  whose text not null,
  address {blob} not null check (length(address) = 16),
  edits {int} not null, chosen {int} not null, is_gone {int} not null,
  label text not null, name text not null, reach text not null, goes_to text not null,
  -- 1 once the server has it so.
  is_sent {int} not null,
  primary key (whose, address)
) {keyed};

-- How far an account's book at its server was seen.
create table own_address_seen (
  whose text not null primary key, version {int} not null
) {keyed};
