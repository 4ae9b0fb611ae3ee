// A real OpenID provider for the suites: node provider.mjs '{"redirect": …, "logout": …, "secret": …, "people": {"ann": {claims}}}'.
// As the protocol has it, claims of scopes are in the user-info answer and not in the ID token. It prints its address on one line, and ends when its standard input does.
import { createServer } from "node:http";
import process from "node:process";
import Provider from "oidc-provider";

const given = JSON.parse(process.argv[2] ?? "{}");
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const address = `http://127.0.0.1:${String(server.address().port)}`;

const provider = new Provider(address, {
  clients: [
    {
      client_id: "bailiwick", client_secret: given.secret, redirect_uris: [given.redirect], grant_types: ["authorization_code"], response_types: ["code"],
      backchannel_logout_uri: given.logout, backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub", "sid"], profile: ["preferred_username", "name", "groups", "roles"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
  cookies: { keys: ["only-for-tests"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...given.people[id], sub: id }) }),
  // Back-channel calls go to this machine, which the library does not do by itself.
  fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
});
provider.on("backchannel.error", (_, error) => console.error(`back channel: ${String(error)}`));
provider.on("server_error", (_, error) => console.error(String(error.stack)));

server.on("request", provider.callback());
console.log(JSON.stringify({ issuer: address }));
process.stdin.resume().on("end", () => {
  server.closeAllConnections();
  server.close();
  process.exit(0);
});
