/** What an operator is told after the server key was changed; what the files do is tried in test/attacks/mosquitto.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsAfterRotation } from './mosquitto.ts';

const mosquitto = { host: 'mqtt.example', port: 8883, dir: '/etc/mosquitto/holdfast' };

test('after a change of the server key an own Mosquitto has its files before the cloud is restarted', () => {
  const said = stepsAfterRotation({ host: 'mqtt.internal.example', port: 8884, mosquitto });
  const places = [/holdfast cloud broker/, /restart Mosquitto/, /restart the cloud/, /roster sign/].map(
    (step) => said.search(step),
  );
  assert.ok(places.every((place) => place >= 0));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.doesNotMatch(stepsAfterRotation({ embedded: { host: '0.0.0.0', port: 8883 } }), /Mosquitto/i);
});
