// What a user of openapi-fetch writes with the types that openapi-typescript makes; prints what the API answered as JSON.

import createClient from "openapi-fetch";
import type { components, paths } from "./types.js";

type Event = components["schemas"]["Event"];
type Problem = components["schemas"]["Problem"];
type Job = {
  address: string; key: string | null; id: string; source: string;
  type: components["schemas"]["EventType"][]; country: string[];
};

declare const process: { argv: string[] };

const job = JSON.parse(process.argv[2]!) as Job;
const sent: string[] = [];
const client = createClient<paths>({
  baseUrl: job.address,
  headers: job.key ? { "X-API-Key": job.key } : {},
  querySerializer: { array: { style: "form", explode: true } },
  fetch: (request) => {
    sent.push(new URL(request.url).search.slice(1));
    return fetch(request);
  },
});

function found<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

function told(answer: { data?: unknown; error?: Problem }): unknown[] {
  const problem = answer.error;
  if (problem === undefined) throw new Error("there is no problem");
  return [problem.status, problem.type, (problem.errors ?? []).map((each) => [each.parameter, each.detail])];
}

function row(event: Event): unknown[] {
  const place = event.location?.id ?? null;
  return [event.id, event.type, event.title, event.start_date, place, event.fatalities.best, event.version];
}

async function allEvents(): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = { type: job.type, country: job.country, limit: 1000, cursor };
    const page = found(await client.GET("/v1/events.json", { params: { query } }));
    rows.push(...page.data.map((each) => row(each as Event)));
    if (page.links.next === null) return rows;
    cursor = new URL(page.links.next).searchParams.get("cursor") ?? undefined;
  }
}

async function timeline(): Promise<unknown[][]> {
  const page = found(await client.GET("/v1/timeline.json", { params: { query: { limit: 200 } } }));
  return page.data.map((each) => {
    const record = each.record;
    if (record === undefined) throw new Error("it was not left out");
    return [each.entry, each.id, each.date, "participants" in record ? "Event" : "Statement"];
  });
}

async function summary(): Promise<unknown[][]> {
  const query = { group_by: ["type", "country"] as components["schemas"]["GroupName"][], limit: 1000 };
  const page = found(await client.GET("/v1/events/summary.json", { params: { query } }));
  return page.data.map((each) => [each.type, each.country, each.events, each.fatalities.best]);
}

async function write(): Promise<unknown[]> {
  const body: components["schemas"]["ActorRecord"] = {
    name: "Made-up Front", type: "rebel_group", evidence: [{ source: job.source }], aliases: ["MUF"],
  };
  const answer = await client.POST("/v1/actors", { body });
  const made = found(answer);
  const tag = answer.response.headers.get("ETag") ?? "";
  const named = { path: { id: made.id }, header: { "If-Match": tag } };
  body.description = "Changed.";
  const query = { reason: "To see that it works." };
  const changed = found(await client.PUT("/v1/actors/{id}", { params: { ...named, query }, body }));
  body.description = "Changed once more, by somebody who has not read it again.";
  const late = told(await client.PUT("/v1/actors/{id}", { params: named, body }));
  const header = { "If-Match": `"${changed.version}"` };
  const gone = await client.DELETE("/v1/actors/{id}", { params: { path: { id: made.id }, header } });
  if (gone.response.status !== 204) throw new Error(gone.error?.detail);
  return [made.id, made.version, changed.version, changed.description, late[0]];
}

const events = await allEvents();
const one = (id: string) => client.GET("/v1/events/{id}", { params: { path: { id } } });
console.log(JSON.stringify({
  sent: sent[0],
  events,
  event: found(await one(job.id)),
  timeline: await timeline(),
  summary: await summary(),
  not_found: told(await one("nobody")),
  wrong: told(await client.GET("/v1/events.json", { params: { query: { cursor: "nonsense" } } })),
  written: job.key ? await write() : null,
}));
