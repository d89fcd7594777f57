// The npm package `auth0` 4.
import {createRequire} from 'node:module';
import {scenario} from './scenario.mjs';

const {ManagementApiError, ManagementClient} = createRequire(process.env.SDK_FOLDER)('auth0-4');
const management = new ManagementClient({
  domain: process.env.PURSER_DOMAIN,
  clientId: process.env.PURSER_CLIENT_ID,
  clientSecret: process.env.PURSER_CLIENT_SECRET,
});
const data = async (answer) => (await answer).data;

await scenario({
  connections: (name) => data(management.connections.getAll({name, strategy: ['auth0']})),
  importUsers: ({users, ...rest}) => data(management.jobs.importUsers({...rest, users: new Blob([users])})),
  exportUsers: (request) => data(management.jobs.exportUsers(request)),
  job: (id) => data(management.jobs.get({id})),
  jobErrors: (id) => data(management.jobs.getErrors({id})),
  user: (id) => data(management.users.get({id})),
  search: (request) => data(management.users.getAll({...request, search_engine: 'v3', include_totals: true})),
  usersByEmail: (email) => data(management.usersByEmail.getByEmail({email})),
  isNotFound: (error) =>
    error instanceof ManagementApiError &&
    error.statusCode === 404 &&
    error.errorCode === 'inexistent_user' &&
    error.error === 'Not Found' &&
    error.msg === 'The user does not exist.',
});
