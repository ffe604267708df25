-- What the buyer of this device brings back of an order: kept before it is sent, and what the stall says to it.
create table buyer_return (
  returned {blob} not null primary key, order_id {blob} not null, why {int} not null, lines {blob} not null,
  -- 1 saved here, 2 asked, 3 taken, 4 refused by the stall, 5 declined by its server.
  state {int} not null, because text not null, at_ms {int} not null
) {strict};
create index buyer_return_order on buyer_return (order_id, state);
