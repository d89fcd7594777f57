// What every Node.js SDK must be able to do, told once. An SDK is given as an object of functions (see node4.mjs):
//
//   connections(name)      → [connection]
//   importUsers(request)   → job           request: {users: bytes, connection_id, upsert?, external_id?}
//   exportUsers(request)   → job
//   job(id)                → job
//   jobErrors(id)          → the body; nothing for 204
//   user(id)               → user
//   search(request)        → {users, total, …}   request: {q, sort?, page?, per_page?}
//   usersByEmail(email)    → [user]
//   isNotFound(error)      → whether it is the SDK's typed error, as Auth0 would cause it
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {gunzipSync} from 'node:zlib';

const CONNECTION = 'Username-Password-Authentication';
const EXISTS = {code: 'DUPLICATED_USER', message: 'The user already exist and upsert parameter is false'};

export async function scenario(sdk) {
  const connection = await findConnection(sdk);
  await importWithErrors(sdk, connection);
  await readUsers(sdk);
  await searchUsers(sdk);
  await importAgain(sdk, connection);
  await importBroken(sdk, connection);
  await exportCsv(sdk, connection);
  await exportJson(sdk);
  console.log('ok');
}

async function findConnection(sdk) {
  const [connection, ...others] = await sdk.connections(CONNECTION);
  assert.deepEqual(others, []);
  assert.equal(connection.name, CONNECTION);
  assert.equal(connection.strategy, 'auth0');
  assert.match(connection.id, /^con_[A-Za-z0-9]{16}$/);
  assert.deepEqual(await sdk.connections('missing'), []);
  return connection.id;
}

async function importWithErrors(sdk, connection_id) {
  const users = await readFile(process.env.PURSER_USERS);
  const job = await sdk.importUsers({users, connection_id, external_id: 'first'});
  assert.equal(job.type, 'users_import');
  assert.equal(job.status, 'pending');
  assert.equal(job.connection, CONNECTION);
  const ended = await end(sdk, job);
  assert.equal(ended.status, 'completed');
  assert.equal(ended.external_id, 'first');
  assert.deepEqual(ended.summary, {failed: 2, updated: 0, inserted: 2, total: 4});
  const path = 'identities[0].profileData.email';
  assert.deepEqual(await sdk.jobErrors(job.id), [
    {
      user: {
        email: 'no-address',
        custom_password_hash: {algorithm: 'md5', hash: {value: '*****', encoding: 'hex'}},
      },
      errors: [
        {
          code: 'INVALID_FORMAT',
          message: `Error in ${path} property - Object didn't pass validation for format email: no-address`,
          path,
        },
      ],
    },
    {
      user: {email: 'ada@example.com'},
      errors: [
        {code: 'DUPLICATED_USER', message: 'A user with this [email|username|user_id] was already provided.'},
      ],
    },
  ]);
}

async function readUsers(sdk) {
  const ada = await sdk.user('auth0|ada');
  assert.equal(ada.name, 'Ada "Countess" Lovelace');
  assert.deepEqual(ada.user_metadata, {plan: 'gold'});
  assert.deepEqual(ada.app_metadata, {level: 3});
  assert.equal(ada.identities[0].connection, CONNECTION);
  const [grace, ...others] = await sdk.usersByEmail('grace@example.com');
  assert.deepEqual(others, []);
  assert.equal(grace.given_name, 'Grace');
  assert.equal(grace.email_verified, false);
  assert.equal(grace.password_hash, undefined);
  assert.deepEqual(await sdk.usersByEmail('nobody@example.com'), []);
  await assert.rejects(sdk.user('auth0|nobody'), sdk.isNotFound);
}

async function searchUsers(sdk) {
  const ids = ({users}) => users.map(({user_id}) => user_id);
  const gold = await sdk.search({q: 'email.domain:"example.com" AND NOT blocked:true', sort: 'email:1', page: 0, per_page: 1});
  assert.deepEqual(ids(gold), ['auth0|ada']);
  assert.deepEqual([gold.start, gold.limit, gold.length, gold.total], [0, 1, 1, 2]);
  const next = await sdk.search({q: 'email:*@example.com', sort: 'email:1', page: 1, per_page: 1});
  assert.equal(next.users[0].email, 'grace@example.com');
  assert.deepEqual(ids(await sdk.search({q: 'name:nobody'})), []);
  await assert.rejects(sdk.search({q: 'email:('}), (error) => {
    assert.equal(error.statusCode, 400);
    assert.equal(error.errorCode ?? error.body.errorCode, 'invalid_query_string');
    return true;
  });
}

async function importAgain(sdk, connection_id) {
  const row = {email: 'ada@example.com', user_metadata: {plan: 'silver'}};
  const users = Buffer.from(JSON.stringify([row]));
  const refused = await end(sdk, await sdk.importUsers({users, connection_id, upsert: false}));
  assert.deepEqual(refused.summary, {failed: 1, updated: 0, inserted: 0, total: 1});
  assert.deepEqual(await sdk.jobErrors(refused.id), [{user: row, errors: [EXISTS]}]);
  const taken = await end(sdk, await sdk.importUsers({users, connection_id, upsert: true}));
  assert.deepEqual(taken.summary, {failed: 0, updated: 1, inserted: 0, total: 1});
  assert.ok(!(await sdk.jobErrors(taken.id)), 'there are no errors');
  assert.deepEqual((await sdk.user('auth0|ada')).user_metadata, {plan: 'silver'});
}

async function importBroken(sdk, connection_id) {
  const users = Buffer.from('[{"email": ');
  const ended = await end(sdk, await sdk.importUsers({users, connection_id}));
  assert.equal(ended.status, 'failed');
  const details = 'Failed to parse users file JSON when importing users. Make sure it is valid JSON.';
  assert.equal(ended.status_details, details);
  // A job that failed as a whole is its own error.
  const errors = await sdk.jobErrors(ended.id);
  assert.equal(errors.id, ended.id);
  assert.equal(errors.status, 'failed');
  assert.equal(errors.status_details, details);
}

async function exportCsv(sdk, connection_id) {
  const fields = [
    {name: 'email'},
    {name: 'name', export_as: 'Full Name'},
    {name: 'email_verified'},
    {name: 'user_metadata.plan', export_as: 'Plan'},
    {name: 'identities[0].connection'},
  ];
  const job = await sdk.exportUsers({connection_id, format: 'csv', fields});
  assert.equal(job.type, 'users_export');
  assert.equal(job.format, 'csv');
  assert.deepEqual(job.fields, fields);
  const lines = (await download(await end(sdk, job), 'csv')).trimEnd().split(/\r?\n/);
  assert.deepEqual(lines, [
    'email,Full Name,email_verified,Plan,identities[0].connection',
    `"'ada@example.com","'Ada ""Countess"" Lovelace",true,"'silver","'${CONNECTION}"`,
    `"'grace@example.com","'grace@example.com",false,,"'${CONNECTION}"`,
  ]);
}

async function exportJson(sdk) {
  const job = await sdk.exportUsers({format: 'json', limit: 5, fields: [{name: 'user_id'}, {name: 'app_metadata'}]});
  const lines = (await download(await end(sdk, job), 'json')).trimEnd().split('\n');
  const [ada, grace, ...others] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(others, []);
  assert.deepEqual(ada, {user_id: 'auth0|ada', app_metadata: {level: 3}});
  assert.match(grace.user_id, /^auth0\|[0-9a-f]{24}$/);
}

async function end(sdk, job) {
  for (let n = 0; n < 300; n++) {
    const now = await sdk.job(job.id);
    if (now.status === 'completed' || now.status === 'failed') return now;
    await sleep(100);
  }
  throw new Error(`the job ${job.id} did not end`);
}

// Downloads without a token and without any help of the SDK, as Auth0's documentation says.
async function download(job, format) {
  assert.equal(job.status, 'completed');
  assert.match(new URL(job.location).pathname, new RegExp(`/purser\\.${format}\\.gz$`));
  const response = await fetch(job.location);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-encoding'), null);
  return gunzipSync(Buffer.from(await response.arrayBuffer())).toString();
}
