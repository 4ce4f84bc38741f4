// Google's own client against our double of its API: its requests, its tokens, its reading of our answers and errors.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';

import {sheets as api} from '@googleapis/sheets';
import {JWT} from 'google-auth-library';

const {SANDBOX, SANDBOX_CONTROL, SOURCES} = process.env;
const key = JSON.parse(readFileSync(`${SOURCES}/plugins/sheets/sandbox/demo-key.json`, 'utf8'));
const seeded = '1MilepostSandbox00000000000000000000000000001';

/// The client knows Google's addresses alone: the last step of its way leads to the double.
function account(changes = {}) {
  const auth = new JWT({email: key.client_email, key: key.private_key, keyId: key.private_key_id,
                        scopes: ['https://www.googleapis.com/auth/spreadsheets'], ...changes});
  auth.transporter.interceptors.request.add({
    resolved: async (config) => {
      const url = new URL(config.url);
      assert.match(url.hostname, /^(sheets|oauth2)\.googleapis\.com$/);
      config.url = new URL(SANDBOX + url.pathname + url.search);
      return config;
    },
  });
  return auth;
}
const client = (changes) => api({version: 'v4', auth: account(changes), retry: false});
const google = client();
/// The error that a call must end in.
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail('it was not refused');
}
const post = (path, body) => fetch(SANDBOX + path, {method: 'POST', body: JSON.stringify(body)});
const reset = () => fetch(`${SANDBOX_CONTROL}/reset`, {method: 'POST'});

test('creates a spreadsheet, and lists its tabs', async () => {
  const made = await google.spreadsheets.create({
    requestBody: {properties: {title: 'Of a stranger'}, sheets: [{properties: {title: 'One'}}, {properties: {title: 'Two words'}}]},
  });
  assert.match(made.data.spreadsheetId, /^[A-Za-z0-9_-]{40,}$/);
  const {data} = await google.spreadsheets.get({spreadsheetId: made.data.spreadsheetId, fields: 'sheets.properties'});
  assert.deepEqual(data.sheets.map(({properties}) => properties.title), ['One', 'Two words']);
  assert.equal(data.sheets[1].properties.gridProperties.rowCount, 1000);
});

test('appends, reads, updates and clears', async () => {
  const spreadsheetId = seeded;
  const {data: added} = await google.spreadsheets.values.append({
    spreadsheetId, range: "'Loans'!A1:E1", valueInputOption: 'RAW', insertDataOption: 'INSERT_ROWS', includeValuesInResponse: true,
    requestBody: {values: [['L-1', '=IMPORTDATA("x")', '00123', 25000.5], ['L-2', null, '', true]]},
  });
  assert.equal(added.tableRange, 'Loans!A1:E1');
  assert.equal(added.updates.updatedRange, 'Loans!A2:D3');
  assert.equal(added.updates.updatedRows, 2);
  assert.deepEqual(added.updates.updatedData.values[0], ['L-1', '=IMPORTDATA("x")', '00123', '25000.5']);

  const read = await google.spreadsheets.values.get({spreadsheetId, range: 'Loans!A2:E', valueRenderOption: 'UNFORMATTED_VALUE'});
  assert.deepEqual(read.data.values, [['L-1', '=IMPORTDATA("x")', '00123', 25000.5], ['L-2', '', '', true]]);

  const changed = await google.spreadsheets.values.update({
    spreadsheetId, range: 'Loans!C2', valueInputOption: 'USER_ENTERED', requestBody: {values: [['=1+1']]},
  });
  assert.equal(changed.data.updatedCells, 1);
  const many = await google.spreadsheets.values.batchUpdate({
    spreadsheetId, requestBody: {valueInputOption: 'RAW', data: [{range: 'Loans!B2', values: [['x']]}, {range: 'Loans!B3', values: [['y']]}]},
  });
  assert.equal(many.data.totalUpdatedRows, 2);
  const formulas = await google.spreadsheets.values.batchGet({
    spreadsheetId, ranges: ['Loans!C2', 'Loans!B2:B3'], valueRenderOption: 'FORMULA', majorDimension: 'COLUMNS',
  });
  assert.deepEqual(formulas.data.valueRanges.map(({values}) => values), [[['=1+1']], [['x', 'y']]]);

  const cleared = await google.spreadsheets.values.clear({spreadsheetId, range: 'Loans!A2:E3'});
  assert.equal(cleared.data.clearedRange, 'Loans!A2:E3');
  const left = await google.spreadsheets.values.get({spreadsheetId, range: 'Loans!A2:E'});
  assert.equal(left.data.values, undefined);
});

test('changes structure, all of it or nothing', async () => {
  const spreadsheetId = seeded;
  const {data} = await google.spreadsheets.batchUpdate({
    spreadsheetId, requestBody: {requests: [{addSheet: {properties: {title: 'Third'}}}, {appendDimension: {sheetId: 0, dimension: 'COLUMNS', length: 2}}]},
  });
  assert.equal(data.replies[0].addSheet.properties.title, 'Third');
  const twice = await refused(google.spreadsheets.batchUpdate({
    spreadsheetId, requestBody: {requests: [{addSheet: {properties: {title: 'Fourth'}}}, {addSheet: {properties: {title: 'Third'}}}]},
  }));
  assert.equal(twice.status, 400);
  const after = await google.spreadsheets.get({spreadsheetId});
  assert.ok(!after.data.sheets.some(({properties}) => properties.title === 'Fourth'));
  assert.equal(after.data.sheets[0].properties.gridProperties.columnCount, 28);
});

test('reads our errors as its own', async () => {
  const get = (spreadsheetId, range) => google.spreadsheets.values.get({spreadsheetId, range});
  const unparsable = await refused(get(seeded, 'Nowhere!A1'));
  assert.equal(unparsable.status, 400);
  assert.match(unparsable.message, /Unable to parse range: Nowhere!A1/);
  assert.match((await refused(get(seeded, 'Loans!A2000'))).message, /exceeds grid limits. Max rows: 1002, max columns: 28/);
  assert.equal((await refused(get('1NoSuchSpreadsheet', 'A1'))).status, 404);
  const full = await refused(google.spreadsheets.batchUpdate({
    spreadsheetId: seeded, requestBody: {requests: [{appendDimension: {sheetId: 0, dimension: 'ROWS', length: 400000}}]},
  }));
  assert.match(full.message, /above the limit of 10000000 cells/);
  await post('/_share', {role: 'reader'});
  assert.ok((await get(seeded, 'Loans!A1')).data.values);
  const readOnly = await refused(google.spreadsheets.values.clear({spreadsheetId: seeded, range: 'Loans!A1'}));
  assert.equal(readOnly.status, 403);
  assert.match(readOnly.message, /The caller does not have permission/);
  await reset();
});

test('is refused a token as Google refuses one', async () => {
  const asked = (changes) => refused(client(changes).spreadsheets.get({spreadsheetId: seeded}));
  assert.match((await asked({email: 'somebody@else.test'})).message, /invalid_grant/);
  const {generateKeyPairSync} = await import('node:crypto');
  const other = generateKeyPairSync('rsa', {modulusLength: 2048, privateKeyEncoding: {type: 'pkcs8', format: 'pem'}, publicKeyEncoding: {type: 'spki', format: 'pem'}});
  assert.match((await asked({key: other.privateKey})).message, /invalid_grant|Invalid JWT Signature/);
  const forged = await fetch(`${SANDBOX}/v4/spreadsheets/${seeded}`, {headers: {Authorization: 'Bearer forged'}});
  assert.equal(forged.status, 401);
  assert.equal((await forged.json()).error.status, 'UNAUTHENTICATED');
});

test('is told of the quota, and which', async () => {
  const google = client();  // the double has forgotten the other's token
  await post('/_limits', {user: 2});
  const write = () => google.spreadsheets.values.update({
    spreadsheetId: seeded, range: 'Loans!A2', valueInputOption: 'RAW', requestBody: {values: [['x']]},
  });
  await write();
  await write();
  const over = await refused(write());
  assert.equal(over.status, 429);
  assert.match(over.message, /Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'/);
  const {error} = over.response.data;
  assert.equal(error.status, 'RESOURCE_EXHAUSTED');
  assert.equal(error.details[0].metadata.quota_limit, 'WriteRequestsPerMinutePerUser');
  await google.spreadsheets.get({spreadsheetId: seeded});  // reads have a quota of their own
  await reset();
});
