-- What servers in their lives said of a gift card and an order counts once. Before, a movement that two lives had said counted twice
-- on the card. The tables of every log in which a card pays for an order are marked, and filled again from the records.

insert into tables_stale (log)
select distinct log from order_money where kind in (5, 6, 7, 8) and log not in (select log from tables_stale);
