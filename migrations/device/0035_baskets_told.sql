-- How far of what this device counted an account's server may have heard: noted before it is said. A server that heard more heard it
-- of somebody who counts under the same name. What was counted before this was noted counts as said, as it did before.
alter table basket_told add column told_up_to {int} not null default 0;
update basket_told set told_up_to = coalesce(
  (select h.up_to from basket_heard h join basket_name n on n.device = h.device where h.whose = basket_told.whose), 0)
where account is not null;
