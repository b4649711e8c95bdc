/* handover.pml - lease, lane, hand-over and death, as a model that spin searches through completely.
 *
 * A primary, SEATS workers, a kernel that kills. Packets of SHARDS shards come in; workers may die between any two of their steps,
 * shards may be moved at any time, one packet may be poisoned. What is asserted in every state that can be reached:
 *   - a shard has one living owner at most, and only its owner works on its packets (I1 for shards, "not mine" never comes up);
 *   - a packet has one place: it leaves once at most, and in the order of its shard (I1, I6 for packets);
 *   - none is lost: the model can only end when each packet has left, or has been given the verdict POISON;
 *   - only the poisoned packet gets that verdict, and it kills two workers at most;
 *   - nobody waits for ever for anybody: every other standstill is an error.
 *
 * What each part stands for:
 *   Primary            primary/loop/rx.c, tx.c, lease.c, hold.c, map.c, reap.c - one thread, so each of its steps is atomic here; a step reads
 *                      one published word of a lane at most
 *   Worker             workers/loop/loop.c lane_turn, fence_pass; workers/loop/tenure.c
 *   Fate               SIGKILL; a worker's last two steps stand for the kernel: the robust futex word, then the pidfd
 *
 * spin is sequentially consistent, the machine is not. A worker writes handles and then publishes out_head with a release store,
 * then in_tail with another; the primary reads each with an acquire load (shared/plane/ring.h). So who sees a new index sees all that was
 * written before it, out_head before in_tail, which is all the model's order says. Its private words are nobody else's.
 */
#ifndef SEATS
#define SEATS 2
#endif
#ifndef SHARDS
#define SHARDS 2
#endif
#ifndef PACKETS
#define PACKETS 4
#endif
#ifndef KILLS
#define KILLS 1 /* SIGKILLs, beside the deaths of a poisoned packet */
#endif
#ifndef MOVES
#define MOVES 1
#endif
#ifndef POISONED
#define POISONED 0 /* number of the packet a worker crashes with; 0 = none */
#endif
/* Rules that can be broken on purpose, to see the model notice. */
#ifndef EARLY
#define EARLY 0 /* a worker publishes its results before it has written them */
#endif
#ifndef UNFENCED
#define UNFENCED 0 /* a shard moves without a fence */
#endif
#ifndef TOGETHER
#define TOGETHER 0 /* suspects are replayed together */
#endif
#ifndef HASTY
#define HASTY 0 /* a worker that may still run is taken for dead */
#endif
#define SLOTS 4 /* of a lane; also a seat's credit */
#define BURST 2 /* handles a worker has in hand at most */
#define NOBODY 9

/* A handle: a packet's number from 1, or a fence. */
#define CUT(shard) (20 + (shard))
#define OWN(shard) (30 + (shard))
#define IS_FENCE(handle) ((handle) >= 20)
#define SHARD_OF(packet) (((packet)-1) % SHARDS)

/* ---- Shared memory. in_head, out_tail, in[]: w: primary. in_tail, out_head, out[], turn[]: w: worker */
typedef lane_pages {
	byte in[SLOTS];
	byte out[SLOTS];
	byte turn[SLOTS];
	byte in_head, in_tail, out_head, out_tail
};
lane_pages lane[SEATS];

/* ---- The kernel's: whether the thread runs; the robust word; the pidfd. crashed: set by the fatal-signal handler. */
bool alive[SEATS], marked[SEATS], exited[SEATS], crashed[SEATS];

/* A choice among seats, or shards, as options of a do. */
#if SEATS > 2
#define EACH_SEAT(step) step(0) step(1) step(2)
#define OWNERS(shard) ((alive[0] && mine[0].has[shard]) + (alive[1] && mine[1].has[shard]) + (alive[2] && mine[2].has[shard]))
#else
#define EACH_SEAT(step) step(0) step(1)
#define OWNERS(shard) ((alive[0] && mine[0].has[shard]) + (alive[1] && mine[1].has[shard]))
#endif
#if SHARDS > 1
#define EACH_SHARD(step) step(0) step(1)
#else
#define EACH_SHARD(step) step(0)
#endif

/* ---- What a worker believes to own. Its private memory, global for the assertions only. */
typedef shard_set {
	bool has[SHARDS]
};
shard_set mine[SEATS];

/* ---- The primary's private memory. */
typedef lease_book {
	byte lent[SLOTS]; /* by position; 0 = it has come back */
	byte head, due, live, suspects
};
lease_book lease[SEATS];
typedef hold_list {
	byte item[PACKETS];
	byte count
};
hold_list hold[SHARDS];
mtype = { HOMELESS, TAKING, SERVED, LEAVING, FENCED };
mtype state[SHARDS];
byte seat_of[SHARDS], target[SHARDS];
bool fed[SEATS], seated[SEATS];
bool suspect[PACKETS + 1];

/* ---- For the assertions. */
byte ended[PACKETS + 1]; /* 1 = forwarded, 2 = POISON */
byte last_out[SHARDS];
byte finished, poison_deaths;

/* The primary's scratch: it holds nothing from one step to the next. */
hidden byte s, shard, handle, i, k;
hidden byte in_hand;

/* Indices run free; here they turn after twice the slots, and what nobody will read again is wiped, so that states that mean the
 * same are the same. */
#define NEXT(index) (((index) + 1) % (2 * SLOTS))
#define BACK(index) (((index) + 2 * SLOTS - 1) % (2 * SLOTS))
#define DISTANCE(from, to) (((to) + 2 * SLOTS - (from)) % (2 * SLOTS))
#define CREDIT(s) (SLOTS - DISTANCE(lease[s].due, lease[s].head))

inline lend(s, handle)
{
	lane[s].in[lease[s].head % SLOTS] = handle;
	lease[s].lent[lease[s].head % SLOTS] = handle;
	lease[s].head = NEXT(lease[s].head);
	lease[s].live++;
	if
	:: !IS_FENCE(handle) && suspect[handle] -> lease[s].suspects++
	:: else
	fi;
	lane[s].in_head = lease[s].head
}

inline strike(s, position)
{
	handle = lease[s].lent[position];
	lease[s].lent[position] = 0;
	lane[s].in[position] = 0;
	lease[s].live--;
	if
	:: !IS_FENCE(handle) && suspect[handle] -> lease[s].suspects--
	:: else
	fi
}

inline hold_push(shard, packet)
{
	hold[shard].item[hold[shard].count] = packet;
	hold[shard].count++
}

inline hold_front(shard, packet)
{
	i = hold[shard].count;
	do
	:: i > 0 ->
		hold[shard].item[i] = hold[shard].item[i - 1];
		i--
	:: else -> break
	od;
	hold[shard].item[0] = packet;
	hold[shard].count++
}

inline hold_pop(shard, packet)
{
	packet = hold[shard].item[0];
	hold[shard].count--;
	i = 0;
	do
	:: i < hold[shard].count ->
		hold[shard].item[i] = hold[shard].item[i + 1];
		i++
	:: else ->
		hold[shard].item[i] = 0;
		break
	od
}

inline packet_end(packet, how)
{
	assert(ended[packet] == 0); /* it leaves once */
	ended[packet] = how;
	finished++;
	assert(packet > last_out[SHARD_OF(packet)]); /* and in order */
	last_out[SHARD_OF(packet)] = packet
}

/* Some seat that may be given shards, or NOBODY. */
inline any_seat(found)
{
	found = NOBODY;
	i = 0;
	do
	:: i < SEATS && fed[i] -> found = i; break
	:: i < SEATS && !fed[i] -> i++
	:: else -> break
	od
}

inline map_take(shard, wished)
{
	if
	:: wished != NOBODY && fed[wished] -> seat_of[shard] = wished
	:: else -> any_seat(seat_of[shard])
	fi;
	target[shard] = NOBODY;
	if
	:: seat_of[shard] == NOBODY -> state[shard] = HOMELESS
	:: else -> state[shard] = TAKING
	fi
}

/* The handle at lane.out's tail: its lease ends, and it goes its way. */
inline take_back(s)
{
	k = lane[s].out_tail % SLOTS;
	assert(lease[s].lent[lane[s].turn[k]] == lane[s].out[k]);
	strike(s, lane[s].turn[k]);
	do
	:: lease[s].due != lease[s].head && lease[s].lent[lease[s].due % SLOTS] == 0 ->
		lease[s].due = NEXT(lease[s].due)
	:: else -> break
	od;
	lane[s].out[k] = 0;
	lane[s].turn[k] = 0;
	lane[s].out_tail = NEXT(lane[s].out_tail);
	if
	:: IS_FENCE(handle) && handle < OWN(0) && state[handle - CUT(0)] == FENCED ->
		shard = handle - CUT(0);
		map_take(shard, target[shard])
	:: IS_FENCE(handle) && !(handle < OWN(0) && state[handle - CUT(0)] == FENCED)
	:: else -> packet_end(handle, 1)
	fi
}

/* What the dead seat was lent and has not given back, the newest first, to the front of the holds. */
inline park(s)
{
	do
	:: lease[s].head != lease[s].due ->
		lease[s].head = BACK(lease[s].head);
		if
		:: lease[s].lent[lease[s].head % SLOTS] != 0 ->
			in_hand = lease[s].live <= BURST;
			strike(s, lease[s].head % SLOTS);
			if
			:: IS_FENCE(handle)
			:: !IS_FENCE(handle) && crashed[s] && in_hand && suspect[handle] ->
				assert(handle == POISONED);
				ended[handle] = 2;
				finished++
			:: else ->
				if
				:: crashed[s] && in_hand -> suspect[handle] = true
				:: else
				fi;
				hold_front(SHARD_OF(handle), handle)
			fi
		:: else
		fi
	:: else -> break
	od
}

inline map_lost(s)
{
	shard = 0;
	do
	:: shard < SHARDS ->
		if
		:: seat_of[shard] == s -> map_take(shard, target[shard])
		:: seat_of[shard] != s && target[shard] == s && state[shard] == LEAVING ->
			state[shard] = SERVED;
			target[shard] = NOBODY
		:: seat_of[shard] != s && target[shard] == s && state[shard] == FENCED -> any_seat(target[shard])
		:: else
		fi;
		shard++
	:: else -> break
	od
}

/* Working on a burst and writing its results is one step: until out_head is published nobody can tell how far it came, and a death
 * half way is a death before. */
proctype Worker(byte me)
{
	byte in_tail, out_head, n, done, handle;

	{
end:		do
		:: atomic {
			lane[me].in_head != in_tail ->
			if
			:: n = 1
			:: DISTANCE(in_tail, lane[me].in_head) > 1 -> n = BURST
			fi;
#if EARLY
			}
			lane[me].out_head = (out_head + n) % (2 * SLOTS);
			atomic {
#endif
			do
			:: done < n ->
				handle = lane[me].in[(in_tail + done) % SLOTS];
				if
				:: handle >= OWN(0) ->
					assert(OWNERS(handle - OWN(0)) == 0);
					mine[me].has[handle - OWN(0)] = true
				:: handle >= CUT(0) && handle < OWN(0) -> mine[me].has[handle - CUT(0)] = false
				:: handle < CUT(0) -> assert(mine[me].has[SHARD_OF(handle)])
				fi;
				if
				:: handle == POISONED ->
					poison_deaths++;
					assert(poison_deaths <= 2);
					crashed[me] = true;
					alive[me] = false;
					break
				:: else
				fi;
				lane[me].out[(out_head + done) % SLOTS] = handle;
				lane[me].turn[(out_head + done) % SLOTS] = (in_tail + done) % SLOTS;
				done++
			:: else -> break
			od;
			handle = 0;
			done = 0
		   }
		   lane[me].out_head = (out_head + n) % (2 * SLOTS);
		   lane[me].in_tail = (in_tail + n) % (2 * SLOTS);
		   atomic {
			in_tail = (in_tail + n) % (2 * SLOTS);
			out_head = (out_head + n) % (2 * SLOTS);
			n = 0
		   }
		od
	} unless { !alive[me] };
	marked[me] = true;
	exited[me] = true
}

/* A packet that waits may go; a suspect only if no other is out at this seat. */
#define RESUME(shard) \
	:: atomic { \
		hold[shard].count > 0 && state[shard] == SERVED && CREDIT(seat_of[shard]) > 0 && \
		    (!suspect[hold[shard].item[0]] || lease[seat_of[shard]].suspects == 0 || TOGETHER) -> \
		hold_pop(shard, handle); \
		lend(seat_of[shard], handle) \
	   }

#define TAKE_BACK(s) :: atomic { seated[s] && lane[s].out_tail != lane[s].out_head -> take_back(s) }

#define FENCE(shard) \
	:: atomic { \
		(state[shard] == TAKING || state[shard] == LEAVING) && fed[seat_of[shard]] && CREDIT(seat_of[shard]) > 0 -> \
		if \
		:: state[shard] == TAKING -> \
			lend(seat_of[shard], OWN(shard)); \
			state[shard] = SERVED \
		:: UNFENCED && state[shard] == LEAVING -> map_take(shard, target[shard]) \
		:: !UNFENCED && state[shard] == LEAVING -> \
			lend(seat_of[shard], CUT(shard)); \
			state[shard] = FENCED \
		fi \
	   }

/* Somebody wants shard 0 elsewhere: one shard that moves is enough, the other one is there to be in its way. */
#define MOVE(s) \
	:: atomic { \
		moves < MOVES && state[0] == SERVED && fed[s] && seat_of[0] != s -> \
		state[0] = LEAVING; \
		target[0] = s; \
		moves++ \
	   }

/* A worker that will never run again. */
#define REAP(s) \
	:: atomic { \
		seated[s] && (crashed[s] || marked[s] || HASTY && alive[s]) -> \
		seated[s] = false; \
		fed[s] = false; \
		do \
		:: lane[s].out_tail != lane[s].out_head -> take_back(s) \
		:: else -> break \
		od; \
		park(s); \
		map_lost(s) \
	   }

/* The pidfd has spoken: lanes are reset, the nursery forks the next, homeless shards have a home. */
#define FORK(s) \
	:: atomic { \
		!seated[s] && exited[s] -> \
		assert(lease[s].live == 0 && lease[s].suspects == 0); \
		lane[s].in_head = 0; \
		lane[s].in_tail = 0; \
		lane[s].out_head = 0; \
		lane[s].out_tail = 0; \
		lease[s].head = 0; \
		lease[s].due = 0; \
		k = 0; \
		do \
		:: k < SLOTS -> \
			lane[s].out[k] = 0; \
			lane[s].turn[k] = 0; \
			k++ \
		:: else -> break \
		od; \
		marked[s] = false; \
		exited[s] = false; \
		crashed[s] = false; \
		seated[s] = true; \
		fed[s] = true; \
		alive[s] = true; \
		shard = 0; \
		do \
		:: shard < SHARDS -> \
			mine[s].has[shard] = false; \
			if \
			:: state[shard] == HOMELESS -> \
				state[shard] = TAKING; \
				seat_of[shard] = s \
			:: else \
			fi; \
			shard++ \
		:: else -> break \
		od; \
		run Worker(s) \
	   }

active proctype Primary()
{
	byte next = 1, moves;

	d_step {
		s = 0;
		shard = 0;
		do
		:: shard < SHARDS ->
			state[shard] = HOMELESS;
			seat_of[shard] = NOBODY;
			target[shard] = NOBODY;
			shard++
		:: else -> break
		od;
		do
		:: s < SEATS ->
			exited[s] = true; /* nobody has sat there yet */
			s++
		:: else -> break
		od
	}
	do
	:: atomic {
		next <= PACKETS ->
		shard = SHARD_OF(next);
		if
		:: state[shard] == SERVED && hold[shard].count == 0 && CREDIT(seat_of[shard]) > 0 ->
			lend(seat_of[shard], next)
		:: else -> hold_push(shard, next)
		fi;
		next++
	   }
	EACH_SHARD(RESUME)
	EACH_SEAT(TAKE_BACK)
	EACH_SHARD(FENCE)
	EACH_SEAT(MOVE)
	EACH_SEAT(REAP)
	EACH_SEAT(FORK)
	:: finished == PACKETS -> break
	od
}

#define KILL(s) :: atomic { kills < KILLS && alive[s] -> alive[s] = false; kills++ }

active proctype Fate()
{
	byte kills;

end:	do
	EACH_SEAT(KILL)
	od
}
