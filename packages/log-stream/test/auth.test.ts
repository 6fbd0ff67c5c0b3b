import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { logsPath, service, stopServices } from './support/service.ts';

const acceptedToken = 'Jd8s-not-to-be-seen';

describe('the bearer token', () => {
  afterEach(stopServices);

  for (const path of [logsPath, `${logsPath}/stream`, '/logs/stream']) {
    it(`responds 401 to a request without a bearer token at ${path}`, async () => {
      const { app } = await service({ token: acceptedToken });
      for (const authorization of [
        undefined,
        '',
        'Basic abc',
        'Bearer',
        'Bearer ',
        `Bearer ${acceptedToken} x`,
        acceptedToken,
      ]) {
        const answer = await request(app)
          .get(path)
          .set(authorization === undefined ? {} : { authorization });
        expect(answer.status, authorization).to.equal(401);
        expect(answer.headers).to.include({ 'www-authenticate': 'Bearer', 'content-type': 'application/problem+json' });
        expect(answer.body).to.deep.equal({
          type: 'about:blank',
          title: 'Unauthorized',
          status: 401,
          code: 'ERR_LOG_STREAM_TOKEN_MISSING',
          detail: 'Authorization: expected a bearer token',
        });
      }
    });

    it(`responds 403 to a wrong bearer token at ${path} and does not echo it`, async () => {
      const { app } = await service({ token: acceptedToken });
      for (const wrong of ['x', `${acceptedToken}x`, acceptedToken.slice(1), acceptedToken.toLowerCase()]) {
        const answer = await request(app).get(path).set('authorization', `Bearer ${wrong}`);
        expect(answer.status).to.equal(403);
        expect(answer.body).to.include({ code: 'ERR_LOG_STREAM_TOKEN_WRONG', status: 403, title: 'Forbidden' });
        expect(answer.text).not.to.include(acceptedToken);
        expect(answer.text).not.to.include(`"${wrong}"`);
      }
    });
  }

  it('accepts the bearer token whatever the case of "Bearer"', async () => {
    const { app } = await service({ token: acceptedToken });
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      await request(app).get(logsPath).set('authorization', `${scheme} ${acceptedToken}`).expect(200);
    }
    await request(app).head(`${logsPath}/stream`).set('authorization', `Bearer ${acceptedToken}`).expect(200);
  });

  it('checks the bearer token before the parameters and the method', async () => {
    const { app } = await service({ token: acceptedToken });
    await request(app).get(`${logsPath}?limit=x`).expect(401);
    await request(app).post(logsPath).expect(401);
  });

  it('needs no bearer token if none is set, and never for /healthz', async () => {
    await request((await service()).app)
      .get(logsPath)
      .expect(200);
    await request((await service({ token: acceptedToken })).app)
      .get('/healthz')
      .expect(200, { status: 'ok' });
  });

  it('does not check the bearer token of the application’s other routes', async () => {
    const { router } = await service({ token: acceptedToken });
    const app = express().use(router);
    app.get('/other', (_req, res) => void res.send('mine'));
    await request(app).get('/other').expect(200, 'mine');
    await request(app).get('/logs').expect(404);
  });
});
