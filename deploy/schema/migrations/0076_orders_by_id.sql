-- Orders are looked up by their id, and the ids of a company lie together no more: while the table was young, the plan of what a
-- member has had read the orders of a whole company by this index, since it has the order that is asked for.
DROP INDEX redemption.order_by_id;
CREATE INDEX order_by_id ON redemption.reward_order (order_id, tenant_id);
