// A user's own test of a stream, by supertest. `it` is that of Jest, Vitest or mocha.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import request from 'supertest';
import { tests } from './user-tests.cjs';

tests({ it: globalThis.it, assert, createServer, sseProxy, express, request });
