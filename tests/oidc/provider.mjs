// An OIDC provider on loopback, for tests. Each line of standard input is a JSON Web Key Set (private keys) to sign with:
// the first starts it, later ones replace the keys. It prints `ready <issuer>` after each, and ends with its input.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const AUDIENCE = 'opsconsole';
const RESOURCE = 'urn:opsconsole:api';
const CLIENT = 'opsconsole';

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
// Known before the provider is made: it is in every token.
const issuer = `http://127.0.0.1:${server.address().port}`;

function provide(jwks) {
  const provider = new Provider(issuer, {
    jwks,
    clients: [{
      client_id: CLIENT,
      application_type: 'native', // a loopback redirect on any port (RFC 8252 §7.3)
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/signed-in'],
    }],
    acrValues: ['1', '2'],
    claims: { openid: ['sub'], profile: ['name'] },
    cookies: { keys: ['of no importance'] },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 300, RefreshToken: 3600, Session: 3600 },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, name: nameOf(sub) }) }),
    extraTokenClaims: (ctx, token) => {
      const { authTime, acr } = ctx.oidc.entities.RotatedRefreshToken ?? ctx.oidc.entities.RefreshToken
        ?? ctx.oidc.entities.AuthorizationCode;
      return { name: nameOf(token.accountId), auth_time: authTime, acr };
    },
    interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'operations.*', audience: AUDIENCE, accessTokenFormat: 'jwt' }),
      },
    },
  });
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const route = request.url.startsWith('/sign-in/') ? interact(provider, request, response) : provider.callback()(request, response);
    Promise.resolve(route).catch((error) => response.writeHead(500).end(String(error)));
  });
}

const nameOf = (sub) => sub[0].toUpperCase() + sub.slice(1);

// The login page. Posted fields: account, acr, ago (seconds since the login took place), or refuse.
async function interact(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  if (prompt.name === 'login') {
    if (request.method !== 'POST') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<form method="post">Who are you?</form>');
      return undefined;
    }
    const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
    if (form.has('refuse')) return finish({ error: 'access_denied', error_description: 'The person said no' });
    const ts = Math.floor(Date.now() / 1000) - Number(form.get('ago') ?? 0);
    return finish({ login: { accountId: form.get('account'), acr: form.get('acr') ?? '1', ts } });
  }
  const grant = (grantId && await provider.Grant.find(grantId))
    || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
  grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) grant.addResourceScope(resource, scopes.join(' '));
  return finish({ consent: { grantId: await grant.save() } });
}

for await (const line of createInterface({ input: process.stdin })) {
  provide(JSON.parse(line));
  console.log(`ready ${issuer}`);
}
process.exit(0);
