import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import { type BenchSetting, PORT } from './hosts.js';

/** The least that does the work: one connection and one command a host, the archive on its standard input. */
const setting: BenchSetting = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const archive = readFileSync(`${setting.directory}/payload.tar`);
const command = readFileSync(`${setting.directory}/command`, 'utf8');
const privateKey = readFileSync(setting.keyPath);

await Promise.all(
  setting.hosts.map(
    (host) =>
      new Promise<void>((resolve, reject) => {
        const client = new ssh2.Client();
        client.once('error', reject);
        client.once('ready', () => {
          client.exec(command, (error, channel) => {
            if (error !== undefined) return reject(error);
            channel.resume();
            channel.stderr.resume();
            channel.once('exit', (code: number) => {
              if (code !== 0) reject(new Error(`${host.name}: exit code ${code}`));
            });
            channel.once('close', () => {
              client.end();
              resolve();
            });
            channel.end(archive);
          });
        });
        client.connect({ host: host.address, port: PORT, username: setting.user, privateKey });
      }),
  ),
);
