// PostGraphile v5 with its Amber preset over the same tables, in production settings.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      poolConfig: {
        host: process.env.PGHOST,
        user: process.env.PGUSER,
        database: process.env.PGDATABASE,
        max: 8,
        min: 4,
      },
      schemas: ["public"],
    }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false },
  grafast: { explain: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
if (process.env.SDL) {
  const { printSchema } = await import("graphql");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(process.env.SDL, printSchema(await instance.getSchema()));
}
server.listen(Number(process.env.PORT), "127.0.0.1");
