-- Messages about money have topics of their own now. Before, payments that were disputed or went back were told with everything else that
-- needs an eye (3), and parts that go back not at all. Whoever chose about that chose about these: 34 is as 3 was, and 31, a part of the
-- money, as 16, all of it.

insert into message_wish (account, topic, wanted)
select account, case topic when 3 then 34 else 31 end, wanted from message_wish where topic in (3, 16);
insert into channel_wish (account, channel, topic, wanted)
select account, channel, case topic when 3 then 34 else 31 end, wanted from channel_wish where topic in (3, 16);

-- When the server took what devices sent: their own clocks say when it was written, and may be wrong by days. One row for a page with
-- something that people are told of; gone once it was looked through.
create table told_taken (
    log {blob} not null,
    position {int} not null,
    from_position {int} not null,
    taken_ms {int} not null,
    primary key (log, position)
) {keyed};
