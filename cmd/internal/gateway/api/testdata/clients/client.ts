// Uses the types that openapi-typescript makes: sends ratings, pages through the alerts, acts on one.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const base = "/api/v1/enterprise-satisfaction/satisfaction";
const client = createClient<paths>({ baseUrl: process.argv[2] });

function must(ok: boolean, what: unknown): asserts ok {
  if (!ok) throw new Error(JSON.stringify(what));
}

const rating: components["schemas"]["RatingEvent"] = { customer_id: "ts-1", service: "data_analysis", rating: 4.1 };
const one = await client.POST(`${base}/record`, { body: rating });
must(one.data?.accepted === 1 && one.data.ratings[0].rating === 4.1, one);
const two = await client.POST(`${base}/record`, { body: [rating, { ...rating, rating: 4.6 }] });
must(two.data?.accepted === 2, two);
const bad = await client.POST(`${base}/record`, { body: { ...rating, rating: 7 } });
must(bad.error !== undefined && bad.response.status === 422, bad);

const seen: string[] = [];
let cursor: string | undefined;
do {
  const page = await client.GET(`${base}/alerts`, { params: { query: { limit: 2, opened_from: "2026-01-01T00:00:00Z", cursor } } });
  must(page.data !== undefined, page);
  seen.push(...page.data.alerts.map((alert) => alert.id));
  cursor = page.data.next_cursor ?? undefined;
} while (cursor !== undefined);
must(seen.join() === "a-0,a-1,a-2,a-3,a-4", seen);

const acted = await client.POST(`${base}/alerts/{id}/acknowledge`, { params: { path: { id: seen[3] } }, body: { by: "ts" } });
must(acted.data?.id === "a-3" && acted.data.state === "acknowledged", acted);
