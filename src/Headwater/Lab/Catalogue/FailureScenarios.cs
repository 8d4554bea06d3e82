namespace Headwater.Lab.Catalogue;

/// <summary>What becomes of reads and writes when servers die.</summary>
static class FailureScenarios
{
    public static readonly Scenario ReplicaDies = new()
    {
        Name = "replica-dies",
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
}
