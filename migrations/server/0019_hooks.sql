-- Addresses of a stall's own programs that are told what happens. What is sent stands among the messages: `channel` 3, and
-- `state` 6 is "waiting" there, so that a program that knows only mail and browsers leaves it alone. The account of such a
-- message is the address, whose log it stands in.

-- `topics`: a bit each. No secret is kept: it is worked out from the server's own, from the address and from `generation`; the
-- one before it counts until `before_until_ms`. `rest_until_ms`: after failures one message at a time tries again.
create table hook (
    hook {blob} not null primary key,
    stall {blob} not null references stall (stall),
    address text not null,
    topics {int} not null,
    generation {int} not null,
    before_until_ms {int} not null,
    made_ms {int} not null,
    failures {int} not null,
    failing_since_ms {int},
    rest_until_ms {int} not null,
    off_ms {int},
    off_reason text not null
) {strict};
create index hook_stall on hook (stall, made_ms);
