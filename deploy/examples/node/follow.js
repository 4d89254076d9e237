#!/usr/bin/env node
// Follows what happens in scheduling, from where it stopped the last time.
//
//   node follow.js --token back-office.token
//
// Every event is handled at least once: the resume token is kept after the events before it are
// handled, so that a crash in between repeats them; tell copies by their id.
'use strict';

const fs = require('node:fs');
const {parseArgs} = require('node:util');
const {Client, Refusal, decode, replaceFile} = require('./meso_client.js');

const WAIT_SECONDS = 15;

const {values: flags} = parseArgs({
  options: {
    token: {type: 'string'},  // file with a back office's token
    address: {type: 'string', default: '127.0.0.1:7101'},
    tls: {type: 'string', default: ''},  // DIR/NAME of a client certificate
    resume: {type: 'string', default: 'scheduling.resume'},  // file for the resume token
    type: {type: 'string', multiple: true, default: []},  // only these types
    once: {type: 'boolean', default: false},  // end when there is nothing new
  },
});

function rfc3339(timestamp) {
  return new Date(Number(timestamp.seconds) * 1000).toISOString();
}

// A back office would change its own database here, in one transaction with the token.
function handle(event) {
  let line = `${event.sequence} ${rfc3339(event.time)} ${event.type.split('.').pop()} ` +
      event.subject;
  if (event.type === 'meso.scheduling.v1.AppointmentBooked') {
    const payload = decode(event.type, event.data);
    line += ` ${payload.cocktail} starts ${rfc3339(payload.start_time)}`;
  }
  console.log(line);
}

// The state itself, for when the events that led to it are no longer kept.
async function listAnew(client) {
  const stub = client.stub('meso.scheduling.v1.SchedulingService');
  const request = {parent: 'sites/-', page_size: 500, page_token: ''};
  do {
    const page = await client.call(stub, 'ListAppointments', request);
    for (const {name, revision} of page.appointments) {
      console.log(`listed ${name} revision ${revision}`);
    }
    request.page_token = page.next_page_token;
  } while (request.page_token);
}

async function follow(client) {
  const stub = client.stub('meso.events.v1.EventService');
  const request = {
    types: flags.type,
    max_events: 100,
    resume_token: fs.existsSync(flags.resume) ? fs.readFileSync(flags.resume, 'utf8').trim() : '',
    wait: {seconds: flags.once ? 0 : WAIT_SECONDS},
  };
  for (;;) {
    let answer;
    try {
      // The deadline is longer than the wait, or every quiet time would end as an error.
      answer = await client.call(stub, 'PullEvents', request, WAIT_SECONDS + 10);
    } catch (refusal) {
      if (refusal.reason !== 'RESUME_TOKEN_EXPIRED') throw refusal;
      console.error('RESUME_TOKEN_EXPIRED; listing everything anew');
      await listAnew(client);
      request.resume_token = '';  // from the oldest event kept; known ones come again
      continue;
    }
    answer.events.forEach(handle);
    replaceFile(flags.resume, answer.resume_token);
    request.resume_token = answer.resume_token;
    if (flags.once && answer.events.length === 0) return;
  }
}

async function main() {
  if (!flags.token) throw new Error('usage: node follow.js --token FILE; the other flags are in it');
  await follow(new Client(flags.address, flags.token, flags.tls));
}

main().catch((error) => {
  console.error(error instanceof Refusal ? error.explain() : error.message);
  process.exitCode = 1;
});
