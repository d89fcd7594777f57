// The npm package `auth0` 5 and later, which one SDK_PACKAGE says.
import {createRequire} from 'node:module';
import {Readable} from 'node:stream';
import {scenario} from './scenario.mjs';

const {Management, ManagementClient} = createRequire(process.env.SDK_FOLDER)(process.env.SDK_PACKAGE);
const management = new ManagementClient({
  domain: process.env.PURSER_DOMAIN,
  clientId: process.env.PURSER_CLIENT_ID,
  clientSecret: process.env.PURSER_CLIENT_SECRET,
});

await scenario({
  connections: async (name) => (await management.connections.list({name, strategy: ['auth0']})).data,
  // A stream, as the documentation of the SDK has it: the body is sent in chunks, without a length.
  importUsers: ({users, ...rest}) => management.jobs.usersImports.create({...rest, users: Readable.from([users])}),
  exportUsers: (request) => management.jobs.usersExports.create(request),
  job: (id) => management.jobs.get(id),
  jobErrors: (id) => management.jobs.errors.get(id),
  user: (id) => management.users.get(id),
  search: async (request) => (await management.users.list({...request, search_engine: 'v3'})).response,
  usersByEmail: (email) => management.users.listUsersByEmail({email}),
  isNotFound: (error) =>
    error instanceof Management.NotFoundError &&
    error.statusCode === 404 &&
    error.body.errorCode === 'inexistent_user' &&
    error.body.message === 'The user does not exist.',
});
