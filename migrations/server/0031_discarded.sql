-- A message that was given up and that somebody does not want to be tried again has `state` 11. `done_ms` is when that was said, `ended_by`
-- which account said it; none is whoever runs the server. `reason` stays what it was given up for. A program that does not know the
-- number shows no such message and leaves it alone.

alter table message add column ended_by {blob};
