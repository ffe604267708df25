-- What buyers' codes take off, as the stall's server said when it was last asked; and the code that an order carries.
create table coupon_seen (
  stall {blob} not null, code text not null, terms {blob} not null,
  primary key (stall, code)
) {keyed};

alter table own_order add column coupon text not null default '';
alter table own_order add column discount_minor {int} not null default 0;
