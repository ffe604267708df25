-- Under which secret a guest ordered: one that was said to be an account's is not that of whoever orders next. Whose a basket is.
-- And what a server said of an order or a review in words, beside the code that the screens have words for.
alter table own_order add column guest {blob};
update own_order set guest = (select guest from own_device) where is_guest = 1;
-- Whoever is signed in keeps what they had.
update own_order set whose = (select server || char(10) || lower(email) from own_device)
where whose = '' and exists (select 1 from own_device where session <> '');
-- It may have been said to be an account's already: whoever orders next has another one.
update own_device set guest = randomblob(32) where exists (select 1 from own_order where is_guest = 1);
alter table own_order add column because_said text not null default '';
update own_order set because_said = because;
alter table own_review add column because_said text not null default '';
update own_review set because_said = because;

alter table basket_line rename to basket_line_before;
create table basket_line (
  -- As with likes.
  whose text not null,
  stall {blob} not null, product {blob} not null, quantity {int} not null,
  -- The price when it was put in.
  seen_minor {int} not null, place {int} not null,
  -- 1 where a deal's price is not for this buyer any more.
  is_usual {int} not null default 0,
  primary key (whose, stall, product)
) {keyed};
insert into basket_line (whose, stall, product, quantity, seen_minor, place, is_usual)
select coalesce((select server || char(10) || lower(email) from own_device where session <> ''), ''),
  stall, product, quantity, seen_minor, place, is_usual from basket_line_before;
drop table basket_line_before;

-- Whom the last order was for stands with that order.
delete from draft where name = 'buyer-contact';
