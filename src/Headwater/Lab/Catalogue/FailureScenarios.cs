namespace Headwater.Lab.Catalogue;

/// <summary>What becomes of reads and writes when servers die.</summary>
static class FailureScenarios
{
    public static readonly Scenario PhantomRead = new()
    {
        Name = "phantom-read",
        Seconds = 6,
        Title = new("A payment that never was", "처음부터 없었던 결제"),
        Question = new("I saw the payment on the primary itself. Why is it gone after the failover?", "프라이머리에서 직접 본 결제가 왜 페일오버 뒤에는 없을까?"),
        Anomaly = new("payments that were seen and are gone", "보였다가 사라진 결제"),
        Without = new("AFTER_COMMIT: the engine commits, then waits", "AFTER_COMMIT: 엔진이 먼저 커밋하고 기다림"),
        With = new("AFTER_SYNC: it waits, then the engine commits", "AFTER_SYNC: 기다린 다음 엔진이 커밋함"),
        Explanation =
        [
            new("With semi-synchronous replication a commit is acknowledged only when a replica has received it, so no customer is ever told of a payment that dies with the primary.",
                "반동기 복제에서는 복제본이 받은 뒤에야 커밋을 확인해 주므로, 프라이머리와 함께 사라질 결제를 고객에게 성공이라고 알리는 일은 없습니다."),
            new("At AFTER_COMMIT the primary's engine has committed before it waits, so everybody else already sees the payment while its own customer is still waiting.",
                "AFTER_COMMIT에서는 프라이머리의 엔진이 커밋을 마친 뒤에 기다리므로, 정작 결제한 고객이 기다리는 동안 다른 모든 사람에게는 그 결제가 이미 보입니다."),
            new("The primary dies, the replica that never received it takes over, and what the reader saw, and perhaps acted upon, has never been.",
                "프라이머리가 죽고 그것을 받지 못한 복제본이 이어받으면, 독자가 보고 어쩌면 그에 따라 행동까지 한 결제가 없었던 일이 됩니다."),
            new("At AFTER_SYNC the primary writes its log, waits for the replica, and only then commits in its engine, so nobody sees what a failover could take away.",
                "AFTER_SYNC에서는 로그를 쓰고 복제본을 기다린 다음에야 엔진에 커밋하므로, 페일오버로 사라질 수 있는 것은 아무에게도 보이지 않습니다."),
            new("headwater up sets it, the controller keeps it at rpo zero, and headwater audit names the setting of a server that has the other.",
                "headwater up은 이렇게 설정하고, 컨트롤러는 rpo zero에서 이를 지키며, headwater audit은 그렇지 않은 서버의 설정을 짚어 줍니다."),
        ],
        Demand = Demand.Gone(5),
    };

    public static readonly Scenario ReplicaDies = new()
    {
        Name = "replica-dies",
        Seconds = 10,
        Title = new("A replica dies, then the only one left", "복제본이 죽고, 마지막 하나도 죽는다"),
        Question = new("We have copies. Why do readers get errors when one of them dies?", "복제본이 있는데, 하나가 죽으면 왜 독자가 오류를 볼까?"),
        Anomaly = new("reads that failed", "실패한 읽기"),
        Without = new("each reader knows the address of a replica", "독자마다 복제본 하나의 주소를 알고 있음"),
        With = new("all readers know Headwater's address", "모든 독자가 Headwater의 주소를 사용함"),
        Explanation =
        [
            new("A second copy helps only those who know of it, and a reader that was given the address of one replica dies with that replica.",
                "복제본이 하나 더 있어도 그것을 아는 쪽에만 도움이 되므로, 복제본 하나의 주소만 받은 독자는 그 복제본과 운명을 함께합니다."),
            new("Headwater looks at every server four times a second and takes one that refuses connections out at once.",
                "Headwater는 1초에 네 번씩 모든 서버를 살피고, 연결을 거부하는 서버는 즉시 제외합니다."),
            new("A read that was under way and had shown nothing yet to its client is repeated on another copy, because a read may be repeated without harm.",
                "처리 중이었지만 클라이언트에게 아직 아무것도 보여 주지 않은 읽기는 다른 서버에서 다시 실행하는데, 읽기는 되풀이해도 해가 없기 때문입니다."),
            new("With one replica of two gone the other has all reads, and with the last one gone the primary answers them.",
                "둘 중 하나가 없어지면 남은 복제본이, 마지막 하나까지 없어지면 프라이머리가 모든 읽기에 답합니다."),
            new("What is lost is room, not answers: whoever needs the replicas for their load should have one more than the load needs.",
                "잃는 것은 여유이지 답이 아니므로, 부하 때문에 복제본이 필요하다면 부하에 필요한 수보다 하나 더 두어야 합니다."),
        ],
        Demand = Demand.Gone(100),
    };

    public static readonly Scenario PrimaryDies = new()
    {
        Name = "primary-dies",
        Seconds = 16,
        Title = new("The primary dies", "프라이머리가 죽는다"),
        Question = new("The server that takes the writes is gone. Who takes the next order?", "쓰기를 받던 서버가 사라졌다. 다음 주문은 누가 받을까?"),
        Anomaly = new("orders refused or lost", "거부되었거나 잃어버린 주문"),
        Without = new("the shops know the primary's address", "상점들이 프라이머리의 주소를 사용함"),
        With = new("the shops know Headwater's, and it has a controller (rpo zero)", "상점들이 Headwater의 주소를 사용하고 컨트롤러가 지킴(rpo zero)"),
        Explanation =
        [
            new("Without anybody to decide, two healthy replicas stand by while every order is refused, until a person wakes up.",
                "결정할 주체가 없으면 멀쩡한 복제본이 둘이나 있어도 사람이 깨어날 때까지 모든 주문이 거부됩니다."),
            new("Headwater's controller waits until the primary's process has been gone for a second and no replica hears it either, so that a hiccup changes nothing.",
                "Headwater의 컨트롤러는 프라이머리 프로세스가 1초 동안 사라져 있고 어떤 복제본도 그 소식을 듣지 못할 때까지 기다리므로, 잠깐의 끊김으로는 아무것도 바뀌지 않습니다."),
            new("It first stops the replicas from receiving, so that the old primary can acknowledge nothing any more, and then promotes the one that has received most, after that has applied all of it.",
                "먼저 복제본들의 수신을 멈춰 옛 프라이머리가 더는 아무것도 확인해 줄 수 없게 한 다음, 가장 많이 받은 복제본이 받은 것을 모두 적용하면 승격시킵니다."),
            new("Each order was acknowledged only when a replica had it too, so none that was acknowledged is lost.",
                "모든 주문은 복제본도 받은 뒤에야 확인되었으므로, 확인된 주문은 하나도 사라지지 않습니다."),
            new("The shops keep their connections and see a pause instead of errors; only what was under way at that very moment is told to be unknown, because nobody could know.",
                "상점들은 연결을 유지한 채 오류 대신 잠깐의 멈춤만 겪으며, 바로 그 순간 처리 중이던 것만 누구도 알 수 없기에 결과를 알 수 없다고 알립니다."),
        ],
        Demand = Demand.Gone(50),
    };

    public static readonly Scenario LostTail = new()
    {
        Name = "lost-tail",
        Seconds = 11,
        Title = new("The lost tail", "잃어버린 꼬리"),
        Question = new("The old primary is back with orders that nobody else has. What becomes of them?", "옛 프라이머리가 아무도 갖지 않은 주문을 가지고 돌아왔다. 그 주문은 어떻게 될까?"),
        Anomaly = new("acknowledged orders that the cluster does not have", "확인되었지만 클러스터에 없는 주문"),
        Without = new("the returned server's tail is left aside (recover: off)", "돌아온 서버의 꼬리를 그대로 둠(recover: off)"),
        With = new("headwater recover", "headwater recover 실행"),
        Explanation =
        [
            new("At rpo best-effort the primary acknowledges without waiting for a replica, so what it had not shipped yet dies with it.",
                "rpo best-effort에서는 프라이머리가 복제본을 기다리지 않고 확인해 주므로, 아직 보내지 못한 것은 프라이머리와 함께 사라집니다."),
            new("When it comes back it has a tail, which is what it committed and its successor has not, and it cannot simply follow, because the two histories have parted.",
                "돌아온 서버에는 자신은 커밋했지만 후임에게는 없는 꼬리가 있고, 두 이력이 갈라졌으므로 그냥 뒤따를 수도 없습니다."),
            new("Runbooks throw the tail away and copy the server anew, which makes the loss final.",
                "흔한 절차서는 꼬리를 버리고 서버를 새로 복사하는데, 그러면 손실이 확정됩니다."),
            new("headwater recover reads the tail from the old server's log, applies each transaction that overwrites nothing newer, and rewinds that server so that it follows again.",
                "headwater recover는 옛 서버의 로그에서 꼬리를 읽어 더 새로운 것을 덮어쓰지 않는 트랜잭션만 적용하고, 그 서버를 되감아 다시 뒤따르게 합니다."),
            new("The stock had been changed on both sides, so that one change is put into quarantine with the reason and the statement, and the newer value stands: deciding is left to people.",
                "재고는 양쪽에서 모두 바뀌었으므로 그 변경 하나는 이유와 SQL을 붙여 격리되고 더 새로운 값이 그대로 남으며, 결정은 사람의 몫입니다."),
        ],
    };

    public static readonly Scenario SplitBrain = new()
    {
        Name = "split-brain",
        Seconds = 21,
        Title = new("Split brain", "스플릿 브레인"),
        Question = new("The old primary was only asleep. What if it goes on taking writes?", "옛 프라이머리는 잠들었을 뿐이었다. 깨어나서 계속 쓰기를 받으면 어떻게 될까?"),
        Anomaly = new("orders acknowledged by a server that is the primary no more", "더는 프라이머리가 아닌 서버가 확인한 주문"),
        Without = new("the replica is promoted by hand", "복제본을 사람이 직접 승격함"),
        With = new("Headwater's controller fences first (rpo zero)", "Headwater의 컨트롤러가 먼저 차단함(rpo zero)"),
        Explanation =
        [
            new("A server that stands still cannot be told from one that is dead, so its replica is promoted, and rightly.",
                "멈춘 서버와 죽은 서버는 밖에서 구별할 수 없으므로 복제본을 승격하는 것이 옳습니다."),
            new("When it wakes up it knows nothing of that, and a shop that still has a connection to it goes on selling there: two servers take orders, and their histories part with each.",
                "깨어난 서버는 그 사실을 모르고 아직 거기에 연결된 상점은 계속 주문을 넣으므로, 두 서버가 함께 주문을 받으며 주문마다 이력이 갈라집니다."),
            new("Before Headwater promotes anybody it stops all replicas from receiving of the old primary, whose commits need a replica's acknowledgement and from then on get none.",
                "Headwater는 누군가를 승격하기 전에 모든 복제본이 옛 프라이머리에게서 받는 것을 멈추게 하는데, 옛 프라이머리의 커밋은 복제본의 확인이 필요하므로 그때부터 하나도 확인되지 못합니다."),
            new("When it wakes up, its commits hang, and the controller makes it read_only at the next look and has it follow the new primary.",
                "깨어나도 커밋은 멈춰 있고, 컨트롤러는 다음 점검에서 그 서버를 read_only로 만들어 새 프라이머리를 뒤따르게 합니다."),
            new("So there may be a moment without any primary, but never one with two.",
                "그래서 프라이머리가 하나도 없는 순간은 있어도 둘인 순간은 없습니다."),
        ],
        Demand = Demand.Gone(1),
    };
}
