package org.portbouncer.negotiator.cluster;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.portbouncer.core.cluster.ClusterWire;
import org.portbouncer.core.cluster.LeaseTimes;

/**
 * What Redis does when a server asks for its parts: one script, one call for all limits. It is the
 * only place where parts are given out, and Redis runs one script at a time.
 *
 * <pre>
 *   KEYS 1 state, 2 members
 *   ARGV 1 member, 2 number of the call, 3 run id of this Redis, 4 label, 5 leave, 6 look,
 *        then of each limit: id, limit, held, used, wanted
 *   answers with: now, clock, members, tick, recalling,
 *        then of each limit: granted, target, held by all, used by all; where asked to look,
 *        of each member: label, ms since it was heard
 * </pre>
 *
 * Once a tick one of all calls looks at all members, adds up, and writes down under the empty name
 * who they are; all others look at numbers. What it keeps, and why it is right, is said in
 * docs/decisions/044-cluster.md. LeaseModel, in the tests, is the same in Java; what one does the
 * other must do.
 */
final class LeaseScript {

  static final String TEXT =
      """
      local GONE, STEP, RECALL, TICK, LONGEST, NAMED = %d, %d, %d, %d, %d, %d
      local t = redis.call('TIME')
      local now = t[1] * 1000 + math.floor(t[2] / 1000)
      local me, number, run = ARGV[1], tonumber(ARGV[2]), ARGV[3]
      local raw = redis.call('GET', KEYS[1])
      local s = raw and cmsgpack.unpack(raw)
      if not s or s.r ~= run then
        redis.call('DEL', KEYS[2])
        s = {c = 0, l = now, r = run, g = RECALL, t = -1, n = 0, i = TICK, L = {}}
      end
      local step = now - s.l
      if step < 0 then step = 0 elseif step > STEP then step = STEP end
      s.c = s.c + step
      s.l = now

      local old = redis.call('HGET', KEYS[2], me)
      old = old and cmsgpack.unpack(old)
      if old and number <= old.q then return redis.error_reply('OLD a later call came before') end
      local had = old and old.L or {}
      local mine, asked = {}, {}
      for a = 7, #ARGV, 5 do
        local id = ARGV[a]
        asked[#asked + 1] = id
        mine[id] = {l = tonumber(ARGV[a + 1]), h = tonumber(ARGV[a + 2]),
                    u = tonumber(ARGV[a + 3]), w = tonumber(ARGV[a + 4])}
      end
      for id, one in pairs(had) do
        local e = s.L[id]
        if e then e.s = e.s - one.h end
      end
      if ARGV[5] == '1' then
        redis.call('HDEL', KEYS[2], me)
        redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', 3600000)
        return {now, s.c, 0, s.i, 0}
      end

      if s.t < 0 or s.c - s.t >= s.i then
        local wants, names = {}, {}
        s.L = {}
        s.n = 0
        local function count(L, c)
          s.n = s.n + 1
          for id, one in pairs(L) do
            local e = s.L[id]
            if not e then
              e = {s = 0, u = 0, l = one.l}
              s.L[id] = e
              wants[id] = {}
            end
            e.s = e.s + one.h
            e.u = e.u + one.u
            if one.l < e.l then e.l = one.l end
            wants[id][#wants[id] + 1] = one.w
          end
        end
        local all = redis.call('HGETALL', KEYS[2])
        for a = 1, #all, 2 do
          if all[a] ~= me and all[a] ~= '' then
            local one = cmsgpack.unpack(all[a + 1])
            if s.c - one.c > GONE then
              redis.call('HDEL', KEYS[2], all[a])
            else
              count(one.L)
              if #names < NAMED then names[#names + 1] = {all[a], one.b, one.c} end
            end
          end
        end
        count(mine)
        names[#names + 1] = {me, ARGV[4], s.c}
        redis.call('HSET', KEYS[2], '', cmsgpack.pack(names))
        for id, one in pairs(mine) do s.L[id].s = s.L[id].s - one.h end
        for id, e in pairs(s.L) do
          local w = wants[id]
          table.sort(w)
          local left = e.l
          e.w = -1
          for k = 1, #w do
            local part = left / (#w - k + 1)
            if w[k] > part then e.w = part break end
            left = left - w[k]
          end
          e.x = 0
          if e.w < 0 then e.x = left / #w end
        end
        s.t = s.c
        s.i = math.min(LONGEST, math.max(TICK, math.floor(s.n / 2)))
      end

      local recalling = s.c < s.g
      local answer = {now, s.c, s.n, s.i, recalling and 1 or 0}
      for a = 1, #asked do
        local id = asked[a]
        local one = mine[id]
        local e = s.L[id]
        if not e then
          e = {s = 0, u = one.u, l = one.l, w = -1, x = 0}
          s.L[id] = e
        end
        local target = one.w
        if e.w >= 0 and e.w < target then target = e.w end
        target = math.ceil(target + e.x)
        local limit = math.min(e.l, one.l)
        local free = limit - e.s
        local granted = one.h
        if recalling then
          target = one.h
        elseif target > one.h and free > one.h then
          granted = math.min(target, free)
        end
        one.h = granted
        e.s = e.s + granted
        answer[#answer + 1] = granted
        answer[#answer + 1] = target
        answer[#answer + 1] = e.s
        answer[#answer + 1] = e.u
      end
      redis.call('HSET', KEYS[2], me,
        cmsgpack.pack({c = s.c, q = number, b = ARGV[4], L = mine}))
      redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', 3600000)
      redis.call('PEXPIRE', KEYS[2], 3600000)
      if ARGV[6] == '1' then
        answer[#answer + 1] = ARGV[4]
        answer[#answer + 1] = 0
        local left = NAMED
        for _, one in ipairs(cmsgpack.unpack(redis.call('HGET', KEYS[2], ''))) do
          if one[1] ~= me and left > 0 then
            left = left - 1
            answer[#answer + 1] = one[2]
            answer[#answer + 1] = s.c - one[3]
          end
        end
      end
      return answer
      """
          .formatted(
              LeaseTimes.GONE,
              LeaseTimes.STEP,
              LeaseTimes.RECALL,
              LeaseTimes.TICK,
              LeaseTimes.LONGEST_TICK,
              ClusterWire.MOST_MEMBERS - 1);

  /** By which Redis knows it once it has run it. */
  static final String SHA1 = sha1();

  private LeaseScript() {}

  private static String sha1() {
    try {
      byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
