/** Runs simulations that another process asks for, one at a time. */
import { type Settings, World } from './world.ts';

process.on('message', (settings: Settings) => {
  void new World(settings).run().then((result) => {
    if (process.connected) process.send?.(result);
  });
});
