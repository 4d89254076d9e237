#!/usr/bin/env node
// Books one session: searches, holds the best offer, books it, and books nothing twice.
//
//   node book.js --token ~/.local/state/meso/tokens/desk-par-1.token
//
// The booking is written to the journal before it is sent. When anything goes wrong - the answer is
// lost, this program is killed - run it again with the same journal: the request goes out again
// with its request_id, and the answer is the one it would have had.
'use strict';

const fs = require('node:fs');
const {randomUUID} = require('node:crypto');
const {parseArgs} = require('node:util');
const {Client, Refusal, replaceFile} = require('./meso_client.js');

const DAY_SECONDS = 24 * 60 * 60;
const ROUNDS_MAX = 10;
// Somebody was faster, or the offer is stale: another search may find another slot.
const SEARCH_AGAIN = new Set(['SLOT_TAKEN', 'OFFER_EXPIRED', 'HOLD_EXPIRED',
  'OUTSIDE_WORKING_HOURS', 'DEVICE_UNAVAILABLE', 'PRACTITIONER_NOT_QUALIFIED']);

const {values: flags} = parseArgs({
  options: {
    token: {type: 'string'},  // file with a front desk's token
    address: {type: 'string', default: '127.0.0.1:7101'},
    tls: {type: 'string', default: ''},  // DIR/NAME of a client certificate
    site: {type: 'string', default: 'sites/par-1'},
    patient: {type: 'string', default: 'patients/PT-0024'},
    treatment: {type: 'string', default: 'treatmentTypes/T-FACE'},
    cocktail: {type: 'string', default: 'cocktails/C-01/revisions/r1'},
    from_days: {type: 'string', default: '1'},  // how far ahead to search from
    journal: {type: 'string', default: 'booking.json'},
  },
});

// The one booking under way. In a back office this is a row of its own database.
const journal = {
  read() {
    if (!fs.existsSync(flags.journal)) return undefined;
    try {
      return JSON.parse(fs.readFileSync(flags.journal, 'utf8'));
    } catch {
      throw new Error(`The journal ${flags.journal} is damaged; look what became of its booking, ` +
          'then remove it.');
    }
  },
  write: (request) => replaceFile(flags.journal, JSON.stringify(request)),
  clear: () => fs.rmSync(flags.journal, {force: true}),
};

function rfc3339(timestamp) {
  return new Date(Number(timestamp.seconds) * 1000).toISOString();
}

async function search(client, stub) {
  const begin = Math.floor(Date.now() / 1000) + Number(flags.from_days) * DAY_SECONDS;
  const answer = await client.call(stub, 'SearchAvailability', {
    parent: flags.site,
    patient: flags.patient,
    treatment_type: flags.treatment,
    start_time: {seconds: begin},
    end_time: {seconds: begin + 7 * DAY_SECONDS},
  });
  if (answer.offers.length === 0) {
    for (const day of answer.why_none) {
      console.error(`${day.date}:`, ...day.constraints.map((c) => `${c.constraint} ${c.count}`));
    }
    throw new Error('There is no free slot.');
  }
  console.log(`offered ${answer.offers[0].local_start_time}, the best of ${answer.offers.length}`);
  return answer.offers[0];
}

async function hold(client, stub, offer) {
  const held = await client.call(stub, 'HoldAppointment', {
    parent: flags.site,
    patient: flags.patient,
    offer_token: offer.offer_token,
    ttl: {seconds: 120},
    request_id: randomUUID(),
  });
  console.log(`held until ${rfc3339(held.expire_time)}`);
  return held;
}

async function book(client) {
  const stub = client.stub('meso.scheduling.v1.SchedulingService');
  let request = journal.read();
  if (request) console.log(`repeating the booking in ${flags.journal}`);
  for (let round = 0; round < ROUNDS_MAX; ++round) {
    try {
      if (!request) {
        const held = await hold(client, stub, await search(client, stub));
        request = {
          parent: flags.site,
          patient: flags.patient,
          cocktail: flags.cocktail,
          hold: held.name,
          request_id: randomUUID(),
        };
        journal.write(request);
      }
      return await client.call(stub, 'BookAppointment', request);
    } catch (refusal) {
      // Only a rule's refusal says that nothing was booked; after anything else - the token has
      // expired, nobody answers - an earlier copy of the request may have been executed.
      if (refusal.code === 'FAILED_PRECONDITION') journal.clear();
      if (!SEARCH_AGAIN.has(refusal.reason)) throw refusal;
      console.error(`${refusal.reason}; searching again`);
      request = undefined;  // another slot is another request, with a request_id of its own
    }
  }
  throw new Error('Others were faster every time.');
}

async function main() {
  if (!flags.token) throw new Error('usage: node book.js --token FILE; the other flags are in it');
  const booked = await book(new Client(flags.address, flags.token, flags.tls));
  console.log(`booked ${booked.name} ${booked.local_start_time} with ${booked.practitioner}`);
}

main().catch((error) => {
  console.error(error instanceof Refusal ? error.explain() : error.message);
  process.exitCode = 1;
});
